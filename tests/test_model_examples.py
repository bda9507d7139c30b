"""MODEL.md's worked examples: its blocks, and pgsim, give what a pencil gives.

An example is a YAML block of MODEL.md with a `result`: its layer, its design and what they give.
HAND_WORKED has the same figures, in MODEL.md's order, each with its working. They are compared with
what MODEL.md prints, and with what pgsim computes for the layer and the design that it prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pgsim import ArchConfig, GateTrace, load_arch, simulate
from pgsim.workload import LayerOperands, Operands, trace_with_operands

MODEL = (Path(__file__).parents[1] / "MODEL.md").read_text()

KEYS = {
    "before",
    "layer",
    "activations",
    "weights",
    "mask",
    "images",
    "next",
    "design",
    "scheme",
    "result",
}

# The rule, what the example shows, and its figures. `n_pass`: schemes of more than two passes.
HAND_WORKED: list[tuple[str, str, dict[str, int]]] = [
    # Rows 0 to 2, then 2 and 3: 96 and 64 bits, of 8 bytes a burst.
    ("M50", "padding at the end", {"dram_activation_read_bytes": 2 * 8 + 8}),
    # Rows 0 and 1 of both frames, 128 bits; then one row more of each, 64.
    ("M50", "frames", {"dram_activation_read_bytes": 16 + 8}),
    # 12 * 12 a pair of channels; 16 positions on 4 rows, of each 9 taps in four phases.
    ("M50", "phases", {"macs": 12 * 12 * 2, "msb_cycles": 4 * (1 + 2 + 2 + 4)}),
    # 2 images * 2 lane groups: a fold of 4 steps each, and a burst each, of 64 and 32 bits.
    ("M60", "matmul", {"msb_cycles": 2 * 2 * 4, "dram_weight_read_bytes": 2 * 2 * 8}),
    # 8192 bits, half of them over 2 * 32: 64 slots. 150 = 64 + 64 + 22, a burst of 256 bytes each.
    ("M8", "windows", {"dram_write_bytes": 3 * 256}),
    # Issue slots {0, 1}, {2, 4}, {5} of 6 slots; 7 entries on 4 lanes; 3 in the first lane.
    (
        "M12",
        "combine",
        {
            "lsb_slots_dense": 6,
            "lsb_slots_issued": 3,
            "lsb_slots_ideal": 2,
            "lsb_slots_fullest_lane": 3,
        },
    ),
    # Popped: 0, 1, 4, 4; then 2, 5; then 5.
    ("M13", "queue", {"lsb_slots_issued": 3}),
    # 3 folds * 2 steps. The second and third begin 4 after the one before: 2 * 2; a skew of 4.
    ("M17", "spacing", {"msb_cycles": 6, "bubble_cycles": 2 * 2 + 4}),
    # 3 elements * 2 lanes * 8 bits, once.
    ("M18", "stay", {"weight_sram_read_bytes": 6}),
    # 5 * 2 * 8 bits = 10 bytes; 3 tiles * 2 passes.
    ("M18", "do not stay", {"weight_sram_read_bytes": 60}),
    # 3 * 2 * 4 bits = 3 bytes; 3 tiles * 4 passes.
    ("M18", "n_pass weight planes", {"weight_sram_read_bytes": 36}),
    # 3 folds * 4 steps; 4 * 8 + 8 * 16 = 160 bits at 8 a cycle: 20 - 12.
    ("M21", "short fold first", {"msb_cycles": 12, "port_stall_cycles": 8}),
    # 4 * 8 * 3 bits at 8 a cycle: 12 - 8; 4 * 8 * 1 bits: 4, in 8 cycles.
    ("M21", "n_pass planes", {"msb_cycles": 8, "lsb_cycles": 8, "port_stall_cycles": 4}),
    # Two first words from one bank: 2 - 1. Four words by the fifth step: 4 - 5.
    ("M43", "a bank conflict", {"lsb_slots_issued": 2, "port_stall_cycles": 1}),
    ("M43", "a bank conflict, combine", {"lsb_slots_issued": 1, "port_stall_cycles": 1}),
    # 4 positions * 2 taps * 3 words of a byte.
    ("M43", "whole words", {"activation_sram_read_bytes": 4 * 2 * 3, "port_stall_cycles": 0}),
    # 8 * 2 * 8 bits at 8 a cycle: 16 - 8.
    ("M43", "port of lanes", {"msb_cycles": 8, "port_stall_cycles": 8}),
    # 4 * 2 * 8 bits at 8 a cycle: 8, and the fourth row loads in the fourth cycle.
    ("M43", "port of lanes, ws", {"msb_cycles": 6, "port_stall_cycles": 8 - 4}),
    # 2 * 8 * 4 bits at 8 a cycle: 8 - 3.
    ("M43", "port of outputs", {"msb_cycles": 3, "port_stall_cycles": 8 - 3}),
    # 2 * 2 * 8 bits at 8 a cycle: 4 - 2; again, less 4 - 2 for the bus; and a skew of 4.
    ("M43", "buses and port", {"msb_cycles": 4, "bubble_cycles": 2 + 4, "port_stall_cycles": 2}),
    # 4 * 8 * 2 bits, then 3 * 8 * 2.
    ("M22", "slot operand", {"activation_sram_read_bytes": 8 + 6}),
    # 64 bits twice, each a word of 128.
    ("M22", "slot operand, queue", {"activation_sram_read_bytes": 16 + 16}),
    # 4 passes of 64 bits.
    ("M22", "n_pass slot operand", {"activation_sram_read_bytes": 4 * 8}),
    # 2 folds and 1, of 8 * 2 * 8 bits.
    ("M22", "lane operand", {"weight_sram_read_bytes": 3 * 16}),
    # 8 outputs of 4 bits and 8 mask bits.
    ("M22", "finished sums", {"output_sram_write_bytes": 5, "output_sram_read_bytes": 5}),
    # 32 * 8 + 32 * 4 + 8 = 392 bits.
    ("M22", "sums that wait", {"output_sram_write_bytes": 49, "output_sram_read_bytes": 49}),
    # 32 * 8 * 2 + 32 * 4 * 2 + 8 = 776 bits.
    ("M22", "reduction folds", {"output_sram_write_bytes": 97, "output_sram_read_bytes": 97}),
    # 4 passes of 32 * 8 bits.
    ("M22", "n_pass sums", {"output_sram_write_bytes": 128, "output_sram_read_bytes": 128}),
    # 3 pieces of 32 * 16 bits.
    ("M22", "pieces", {"output_sram_write_bytes": 192, "output_sram_read_bytes": 192}),
    # 2 lane groups of 2 * 8 * 2 bits of MSBs, and as many of LSBs for one: a burst each.
    ("M23", "activations of lanes", {"dram_activation_read_bytes": 3 * 8}),
    # 2 lane groups of 40 * 2 * 8 bits.
    ("M23", "lane operand once", {"dram_weight_read_bytes": 2 * 80}),
    # 2 lane groups * (2 MSB passes + 1 LSB pass).
    ("M23", "lane operand again", {"dram_weight_read_bytes": 6 * 80}),
    # 2 lane groups * 2 windows * 4 passes of 40 * 2 * 4 bits.
    ("M23", "n_pass lane operand again", {"dram_weight_read_bytes": 16 * 40}),
    # 48 and 24 bits: a burst of 8 bytes each.
    ("M23", "shares", {"dram_activation_read_bytes": 2 * 8}),
    # 8 * 40 * 4 bits, for 2 lane groups.
    ("M23", "slot operand again", {"dram_activation_read_bytes": 2 * 160}),
    # 4 * 4 * 2 * 4 bits, for 3 kernel rows.
    ("M23", "kernel rows", {"dram_activation_read_bytes": 3 * 16}),
    # 3 * 3 * 2 * 2 * 4 bits, three bursts, for 2 frames of the kernel.
    ("M23", "kernel frames", {"dram_activation_read_bytes": 2 * 24}),
    # 6 * 8 * 8 bits, then 2 * 8 * 8.
    ("M23", "weights as slots", {"dram_weight_read_bytes": 48 + 16}),
    # 2 * 4 * 8 bits, in the first of 5 steps.
    ("M23", "recurrent", {"dram_weight_read_bytes": 8}),
    # 4 * 2 * 6 bits, a burst of 8 bytes; 2 windows.
    ("M23", "outputs", {"dram_write_bytes": 2 * 8}),
    # 8 * 8 * 2 bits ahead; bursts of pixels 0-3, and of 4-7, each once.
    ("M24", "on demand", {"dram_activation_read_bytes": 16 + 8 + 8}),
    # 24 + max(5, 8) + (5 + 8 + 5) + max(7, 8) + 8, of which the array takes 5 + 10 + 7.
    (
        "M24",
        "after the gate",
        {
            "cycles": 24 + 8 + 18 + 8 + 8,
            "dram_stall_cycles": 66 - 22,
            "dram_demand_read_bytes": 8,
        },
    ),
    # 24 + max(5, 8) + max(10, 0) + max(7, 8) + 8, of which the array takes 5 + 10 + 7.
    ("M25", "turns", {"cycles": 58, "dram_stall_cycles": 58 - 22}),
    # 48 + max(5, 16) + max(10, 0) + max(7, 16) + 16, of which the array takes 22.
    ("M44", "gigabytes a second", {"cycles": 106, "dram_stall_cycles": 106 - 22}),
    # (24 + 2 * 2) * 5 / 4, then 13 + 10 + 13 + 13. Tile 1 opens two pages, tile 2 one; each writes.
    (
        "M44",
        "pages and refresh",
        {
            "cycles": 35 + 13 + 10 + 13 + 13,
            "dram_stall_cycles": 84 - 22,
            "dram_read_row_misses": 2 + 1,
            "dram_write_row_misses": 2,
        },
    ),
    # 2 blocks of channels * 4 of rows * 2 * 8 * 4 bits; 2 * 2 * 8 * 8 bits of weights.
    ("M40", "held in rows", {"dram_activation_read_bytes": 64, "dram_weight_read_bytes": 32}),
    # 4 blocks of rows, held for both of channels.
    ("M40", "held over channels", {"dram_activation_read_bytes": 32, "dram_weight_read_bytes": 32}),
    # 3 rows * 4 columns * 2 channels * 4 bits, two bursts of 8 bytes; twice.
    ("M40", "rows again", {"dram_activation_read_bytes": 2 * 16}),
    # The same, and one row more: 4 * 2 * 4 bits.
    ("M40", "rows held", {"dram_activation_read_bytes": 16 + 8}),
    # 32 sums of 4 bytes leave and come back; 4 bursts of outputs. 16 tiles of 4 sums are written
    # once and read once, 8 of them twice.
    (
        "M40",
        "unfinished sums",
        {
            "dram_sum_read_bytes": 128,
            "dram_write_bytes": 128 + 4 * 8,
            "output_sram_write_bytes": 16 * 16,
            "output_sram_read_bytes": 16 * 16 + 8 * 16,
        },
    ),
    # (2 MSB passes + 1 LSB pass) * 2 input blocks * 4 * 2 * 8 bits; 4 blocks * a burst.
    ("M40", "pass by pass", {"dram_weight_read_bytes": 48, "dram_activation_read_bytes": 4 * 8}),
    # 4 blocks of 2 positions * 4 inputs * 2 MSBs; the LSBs of the first two.
    ("M40", "plane by plane", {"dram_activation_read_bytes": 4 * 2 + 2 * 2}),
    # 8 + max(8, 4) + max(12, 2) + 2, of which the array takes 8 + 12.
    ("M40", "turns", {"cycles": 30, "dram_stall_cycles": 30 - 20}),
    # 2 blocks of 8 steps, each of which needs 2 words of weights.
    ("M40", "ports", {"msb_cycles": 16, "port_stall_cycles": 2 * (8 * 2 - 8)}),
    # 8 + 4 * 4 * 4 / 8 bytes come; 4 steps; 2 steps and the skew, or 4 bytes; 2 bytes leave.
    ("M41", "a shorter window", {"cycles": 16 + 4 + max(2 + 4, 4) + 2, "window_slots": 4}),
    # 2 lanes * 8 slots of 4 bits, in words of 8.
    ("M42", "tensors stay", {"dram_write_bytes": 0, "activation_sram_write_bytes": 16 * 4 // 8}),
    # 3 strips * 3 pixels * 3 weights * 2 channels; 36 * 8 bits at 64 a cycle, and 4 - 1 rows.
    # 3 * 30 elements of 4 bits. 36 weights, 9 rows * 5 pixels * 2 channels * 2 sets, 18 * 2 sums.
    # 4 accesses for each of 18 * 18 MACs, and the 36 + 180 words sent.
    (
        "M46",
        "rows",
        {
            "msb_cycles": 3 * 3 * 3 * 2,
            "bubble_cycles": 5 + 3,
            "activation_sram_read_bytes": 45,
            "network_words": 36 + 180 + 36,
            "register_file_words": 4 * 324 + 216,
        },
    ),
    # 2 strips * 3 pixels * 3 weights * 2 channels * 2 filters; 7 rows of 5 pixels of 2 channels.
    (
        "M46",
        "rows, slow port",
        {"msb_cycles": 72, "port_stall_cycles": 0, "activation_sram_read_bytes": 35},
    ),
    # 5 * 2 slots, then 1 + 2; 60 + 20 bits; 2 loads of 96 bits; 2 * 5 * 2 + 3 * 2 sums of 32 bits;
    # 3 taps * 2 channels * 2 outputs.
    (
        "M52",
        "folds that issue slots of their own",
        {
            "msb_cycles": 10,
            "lsb_cycles": 3,
            "bubble_cycles": 16 + 4 - 10 - 3,
            "lsb_slots_dense": 10,
            "lsb_slots_issued": 3,
            "lsb_macs": 12,
            "activation_sram_read_bytes": 8 + 3,
            "weight_sram_read_bytes": 12 + 12,
            "output_sram_write_bytes": 80 + 24,
        },
    ),
    # A fold of 3 positions and 6 steps; 60 bits and 36.
    (
        "M52",
        "gated inputs, os",
        {
            "lsb_cycles": 6,
            "lsb_slots_issued": 3,
            "lsb_macs": 12,
            "activation_sram_read_bytes": 8 + 5,
        },
    ),
    # (5 + 1) * 2 + (5 + 2) * 2 cycles, a skew of 4; 60 + 20 bits, 96 bits, 2 visits of 10 sums;
    # 6 * 10 * 2 PE cycles, and 2 for each of 12 MACs.
    (
        "M53",
        "long and short steps",
        {
            "msb_cycles": 12 + 14,
            "lsb_cycles": 0,
            "bubble_cycles": 4,
            "lsb_macs": 12,
            "msb_busy_pe_cycles": 120 + 24,
            "activation_sram_read_bytes": 10,
            "weight_sram_read_bytes": 12,
            "output_sram_write_bytes": 2 * 10 * 4,
        },
    ),
    # A fold of 8 steps in each of 4 passes, of which 3 issue 2 slots; 2 outputs * 8 MACs * 3.
    (
        "M54",
        "n_pass odq",
        {"msb_cycles": 8, "lsb_cycles": 3 * 8, "lsb_slots_issued": 3 * 2, "lsb_macs": 2 * 8 * 3},
    ),
    # 8 steps, then 8 of 2 cycles.
    (
        "M54",
        "seernet",
        {"msb_cycles": 8, "lsb_cycles": 8 * 2, "lsb_slots_issued": 2, "lsb_macs": 2 * 8},
    ),
    # Turns of max(16 + 2, 0), max(16 + 2, 8 + 2) and max(0, 16 + 2) cycles, four skews of 2.
    (
        "M59",
        "turns of two arrays",
        {
            "msb_cycles": 2 * 2 * 8,
            "lsb_cycles": (1 + 2) * 8,
            "bubble_cycles": 4 * 2,
            "both_cycles": 8 + 2,
            "predictor_wait_cycles": 18,
            "executor_wait_cycles": 18 + 8,
            "cycles": 3 * 18,
        },
    ),
    # 4 * 8 * 3 bits at 2 a cycle, against 4 * 8 cycles; 4 + 1 folds of 8 * 2 * 8 bits.
    (
        "M59",
        "ports of two arrays",
        {
            "msb_cycles": 4 * 8,
            "lsb_cycles": 8,
            "port_stall_cycles": 4 * 8 * 3 // 2 - 4 * 8,
            "weight_sram_read_bytes": (4 + 1) * 16,
        },
    ),
    # Steps of max(3, 1) and max(1, 4); (3 + 1 + 1 + 4) * 2 columns.
    ("M58", "lockstep", {"msb_cycles": 3 + 4, "msb_busy_pe_cycles": 18}),
    # Rows of 3 + 1 and 1 + 4.
    ("M58", "a register", {"msb_cycles": 5}),
    # 8 - 1 and 16 - 1: two terms in either step.
    ("M58", "signed digits", {"msb_cycles": 2 + 2}),
    # Bit 0, then bit 3.
    ("M58", "out of reach", {"msb_cycles": 2}),
    # 2 terms by 3; max(2, 2) + 6 + 1 + 3.
    ("M58", "laconic", {"msb_cycles": 6, "msb_busy_pe_cycles": 12}),
    # 7 and 3 together; then a step without any weight.
    ("M58", "promoted weights", {"msb_cycles": 3 + 1}),
    # Bits 1 and 2.
    ("M58", "precision", {"msb_cycles": 2}),
    # Lanes of 1 and 2 activations; 2 rows of 2 columns.
    ("M58", "zeros", {"msb_cycles": 2, "msb_busy_pe_cycles": 2 * 4}),
    # ceil(8 / 4) folds of 4 slots.
    ("M47", "first layer", {"msb_cycles": 2 * 4}),
    # 12 outputs of 8 MACs, of 2 and of 8 bits; 32 * 12 + 8 * 4 + 8 = 424 bits.
    (
        "M47",
        "accesses",
        {
            "activation_sram_read_bytes": 12 * 8 * 2 // 8,
            "weight_sram_read_bytes": 12 * 8,
            "output_sram_write_bytes": 53,
            "output_sram_read_bytes": 53,
        },
    ),
    # Two blocks of 10 cycles each, the skew included, and 16 + 8 bytes that hide behind both.
    ("M47", "transfers", {"cycles": 32 + 24 + 8, "dram_stall_cycles": 32 + 24 + 8 - 20}),
    # 2 folds * (3 + 4 + 2 - 2) - 1.
    ("M51", "SCALE-Sim", {"msb_cycles": 2 * 3, "bubble_cycles": 2 * 4 - 1}),
    # 6 slots and 2 through a fold each, with 2 * 4 + 2 - 2 around them.
    ("M51", "windows", {"msb_cycles": 6, "lsb_cycles": 2, "bubble_cycles": 2 * 8 - 1}),
    # 4 + 2 + 3, 2 + 2 + 3, 4 + 1 + 3 - 1, 2 + 1 + 3 - 1.
    ("M51", "STONNE", {"msb_cycles": 4 * 7, "bubble_cycles": 9 + 7 + 7 + 5}),
    # 12 outputs of 4 bits: a burst of 8 bytes.
    (
        "M51",
        "ideal DRAM",
        {"cycles": 2 * (3 + 4) - 1, "dram_stall_cycles": 0, "dram_write_bytes": 8},
    ),
    # 4 * 8 * 2 bits; 8 * 2 * 4 bits, one fold of 4 slots, a burst of 8 bytes.
    (
        "M55",
        "top planes",
        {
            "activation_sram_read_bytes": 8,
            "weight_sram_read_bytes": 8,
            "dram_weight_read_bytes": 8,
        },
    ),
    # 2 passes of 8 * 2 bits and of 4 * 8 * 4; 8 * 2 * 2 bits, a burst.
    (
        "M55",
        "n_pass weight planes of a bit",
        {
            "weight_sram_read_bytes": 2 * 2,
            "activation_sram_read_bytes": 2 * 16,
            "dram_weight_read_bytes": 8,
        },
    ),
    # 8 steps; 4 * 8 * 8 and 8 * 2 * 8 bits.
    (
        "M56",
        "packed",
        {"msb_cycles": 8, "activation_sram_read_bytes": 32, "weight_sram_read_bytes": 16},
    ),
]


def _blocks() -> list[tuple[str, dict[str, Any]]]:
    """MODEL.md's YAML blocks, each with its rule; the first two stand under none."""
    rule, found = "", []
    for heading, block in re.findall(r"^### (M\d+)|^```yaml\n(.*?)^```", MODEL, re.M | re.S):
        rule = heading or rule
        if block:
            found.append((rule, yaml.safe_load(block)))
    return found


BLOCKS = _blocks()
EXAMPLES = [(rule, block) for rule, block in BLOCKS if "result" in block]


def test_the_design_and_the_layer_come_first() -> None:
    assert [rule for rule, block in BLOCKS if "result" not in block] == ["", ""]


def test_every_example_is_worked_by_hand() -> None:
    assert [rule for rule, _ in EXAMPLES] == [rule for rule, _, _ in HAND_WORKED]
    assert all(block.keys() <= KEYS for _, block in EXAMPLES)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ArchConfig:
    """The design that all examples change."""
    path = tmp_path_factory.mktemp("model") / "small.yaml"
    path.write_text(yaml.safe_dump(BLOCKS[0][1]))
    return load_arch(path)


def drawn(words: list[str]) -> np.ndarray:
    """The mask of one image: a word for each channel, a character for each position."""
    return np.array([[[bit == "x" for bit in word] for word in words]])


def trace(example: Mapping[str, Any]) -> GateTrace:
    """The layer of an example, and its neighbours if there are; without a mask it has no gate."""
    layer, ungated = BLOCKS[1][1] | {"name": "layer"}, {"gate": "none"}
    masks = {"layer": drawn(example["mask"])} if "mask" in example else {}
    layers = [layer | example["layer"] | ({} if masks else ungated)]
    for place, name in ((0, "before"), (2, "next")):
        if name in example:
            layers.insert(place, layer | {"name": name} | ungated | example[name])
    made = GateTrace.from_masks(
        masks, layers, **({} if masks else {"images": example.get("images", 1)})
    )
    return trace_with_operands(made, integers(example, made)) if "weights" in example else made


def integers(example: Mapping[str, Any], made: GateTrace) -> Operands:
    """The integers of an example's one layer: activations by position, weights by channel."""
    activations = np.array(example["activations"], np.uint8).T[None, :, :, None]
    weights = np.array(example["weights"], np.int8)[:, :, None, None]
    own = LayerOperands(made.layers[0].shape, activations, weights, np.zeros(0, np.int32))
    return Operands(made.name, "0" * 64, 0, (own,))


@pytest.mark.parametrize(
    ("example", "expected"),
    [(block, figures) for (_, block), (_, _, figures) in zip(EXAMPLES, HAND_WORKED, strict=False)],
    ids=[f"{rule} {what}" for rule, what, _ in HAND_WORKED[: len(EXAMPLES)]],
)
def test_an_example(
    small: ArchConfig, example: Mapping[str, Any], expected: Mapping[str, int]
) -> None:
    assert example["result"] == expected
    design = small.override(example.get("design", {}))
    rows = simulate(trace(example), design, example.get("scheme", "pg")).layers
    own = rows[~rows["layer"].isin(("before", "next"))]  # of the example's layer, or of its phases
    assert {column: int(own[column].sum()) for column in expected} == expected
