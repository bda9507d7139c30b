"""The smallest and oddest layers, worked by hand on a 4 x 2 array of fixed PEs (tests/designs.py).

Its skew is R + C - 2 = 4 cycles, and each run waits 2 cycles for DRAM: 1 for its first operands, 1
until its last outputs have left. MSB 1 0-12 reads: the MSB pass of tile 1 in cycles 0 to 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import conv, design, drawn, filled, linear, recurrent, trace_of

from pgsim import LayerShape, simulate

Row = dict[str, Any]


def row_of(
    layer: LayerShape, mask: np.ndarray, changes: Row | None = None, scheme: str = "pg"
) -> Row:
    return simulate(trace_of(layer, mask), design(changes), scheme).layers.iloc[0].to_dict()


def cycles(row: Row) -> tuple[int, ...]:
    """MSB, LSB, bubble and DRAM stall cycles, after checking that no port stalls."""
    assert row["port_stall_cycles"] == 0
    parts = [row[f"{part}_cycles"] for part in ("msb", "lsb", "bubble", "dram_stall")]
    assert row["cycles"] == sum(parts)
    return tuple(parts)


def slots(row: Row) -> tuple[int, ...]:
    """LSB slots: dense, issued, ideal, of the fullest lane."""
    return tuple(row[f"lsb_slots_{kind}"] for kind in ("dense", "issued", "ideal", "fullest_lane"))


FIVE = linear(5, 6, 3)  # 5 positions, D = 6, lane groups of 2 and 1 channels


def test_nothing_is_gated() -> None:
    # 2 folds of 6 cycles for each lane group. MSB 1 0-12, MSB 2 12-24; the gate of 2 is known at
    # 28, where all ends.
    row = row_of(FIVE, filled(FIVE, False))
    assert cycles(row) == (24, 0, 4, 2)
    assert slots(row) == (10, 0, 0, 0)
    assert (row["mask_density"], row["average_bits"]) == (0.0, 2.0)
    assert (row["msb_macs"], row["lsb_macs"]) == (15 * 6, 0)
    assert np.isnan(row["lsb_pe_utilization"])


@pytest.mark.parametrize("scheduler", ["dense", "skip", "combine", "queue"])
def test_everything_is_gated(scheduler: str) -> None:
    # LSB 1 24-36, LSB 2 36-48, the skew. Ideal: ceil(10 / 2) + ceil(5 / 2).
    row = row_of(FIVE, filled(FIVE, True), {"lsb.scheduler": scheduler})
    assert cycles(row) == (24, 24, 4, 2)
    assert slots(row) == (10, 10, 8, 10)
    assert (row["mask_density"], row["average_bits"]) == (1.0, 4.0)
    assert (row["msb_macs"], row["lsb_macs"]) == (15 * 6, 15 * 6)


def test_ideal_packs_a_small_lane_group_too() -> None:
    # 5 issue slots do for the first lane group: 2 folds; 3 for the second, of one channel: 1 fold.
    row = row_of(FIVE, filled(FIVE, True), {"lsb.scheduler": "ideal"})
    assert (row["lsb_cycles"], row["lsb_slots_issued"]) == (18, 8)


def test_one_position() -> None:
    # 5 channels in three lane groups, the first gated. D = 3: every fold waits 1 of its 4 rows'
    # drain. MSB 1 0-4, MSB 2 4-8, LSB 1 8-12 (its gate is known at 8), MSB 3 12-16; the gate of 3
    # is known at 20, where all ends. Bubbles: 4 folds wait 1 each, and 4 cycles for the last gate.
    row = row_of(linear(1, 3, 5), drawn("x . . . ."))
    assert cycles(row) == (9, 3, 8, 2)
    assert slots(row) == (3, 1, 1, 1)


ONE_CHANNEL = linear(6, 3, 1)


def test_one_channel() -> None:
    # `ws`: the weights of one reduction fold stay. MSB 0-6; the gate is known at 10; LSB 10-13; 17.
    row = row_of(ONE_CHANNEL, drawn("x.x..x"), {"array.dataflow": "ws"})
    assert cycles(row) == (6, 3, 8, 2)
    assert slots(row) == (6, 3, 2, 3)  # ideal: ceil(3 entries / 2 columns)
    # 3 weights of 8 bits are one port word of 64 bytes, and one burst of 16, once for both passes.
    assert (row["weight_sram_read_bytes"], row["dram_weight_read_bytes"]) == (64, 16)


def test_a_window_of_one_fold_saves_nothing() -> None:
    # Windows of 4 slots issue 1 each: a fold of 6 cycles each, as if dense. One window of 8 issues
    # both in one fold.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    found = {
        (window, scheduler): row_of(layer, mask, {"lsb.window": window, "lsb.scheduler": scheduler})
        for window in (4, 8)
        for scheduler in ("dense", "skip")
    }
    lsb_cycles = {case: row["lsb_cycles"] for case, row in found.items()}
    assert lsb_cycles == {(4, "dense"): 12, (4, "skip"): 12, (8, "dense"): 12, (8, "skip"): 6}


def test_a_window_of_one_fold_keeps_its_sums_in_the_accumulators() -> None:
    # Windows of 4: each moves 8 outputs of 4 bits and 8 mask bits, 5 bytes, in and out. One window
    # of 8: 16 sums of 32 bits and 2 updated ones, 72 bytes, and 16 mask bits, 2 bytes.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    narrow = {"memory.output_sram.port_bits": 8}
    for window, expected in ((4, 10), (8, 74)):
        row = row_of(layer, mask, narrow | {"lsb.window": window})
        assert row["output_sram_write_bytes"] == row["output_sram_read_bytes"] == expected


def test_a_layer_smaller_than_the_array() -> None:
    # 16 x 16 PEs, skew 30. MSB: 3 cycles and a wait of 13; its gate is known 30 later; LSB the
    # same, and 30 until its sums have left.
    row = row_of(linear(2, 3, 2), drawn("x. .x"), {"array.rows": 16, "array.columns": 16})
    assert cycles(row) == (3, 3, 86, 2)
    # Useful: (4 outputs * 2 bits + 2 * 2 bits) * 3 MACs * 8 bits; peak: 64 bits^2 a PE and cycle.
    assert row["pe_utilization"] == pytest.approx(288 / (256 * 94 * 64), rel=1e-12)
    assert row["msb_pe_utilization"] == pytest.approx(192 / (256 * 3 * 64), rel=1e-12)
    assert row["lsb_pe_utilization"] == pytest.approx(96 / (256 * 3 * 64), rel=1e-12)


def test_depthwise() -> None:
    # 3 groups of one channel, 2 x 2 positions, D = 9: `ws` takes 3 reduction folds of 4 cycles.
    # MSB 1 0-12, MSB 2 12-24, LSB 1 24-36, MSB 3 36-48. LSB 2: 3 folds of 1 cycle, each of which
    # waits 3 for its weights, 48-60. LSB 3 has nothing to do. The skew: 64.
    layer, mask = conv(3, 3, 4, 3, groups=3), drawn("xxxx x... ....")
    row = row_of(layer, mask, {"array.dataflow": "ws"})
    assert cycles(row) == (36, 15, 13, 2)
    assert slots(row) == (12, 5, 3, 5)


@pytest.mark.parametrize(
    ("dataflow", "msb_cycles"),
    [
        ("os", 3 * 9),  # a fold of 9 cycles in each group
        ("ws", 3 * 3 * 4),  # ceil(9 / 4) folds of 4 positions
        ("bitfusion", 3 * 9 * 4),  # 9 taps of one input channel
        ("is", 3 * 2 * 3 * 1),  # 2 lane groups of 2 positions, ceil(9 / 4) folds of 1 channel
    ],
)
def test_depthwise_under_every_dataflow(dataflow: str, msb_cycles: int) -> None:
    layer = conv(3, 3, 4, 3, groups=3)
    row = row_of(layer, filled(layer, False), {"array.dataflow": dataflow})
    assert row["msb_cycles"] == msb_cycles


def test_recurrent_with_a_batch() -> None:
    # Three images in batches of 2 and 1, two time steps: four runs, of 2, 2, 1 and 1 positions.
    # Run 1: MSB 0-2, gate 6, LSB 6-8 (both images), end 12: 8 bubbles. Run 2: MSB 0-2, gate 6,
    # nothing gated; the weights stayed 2 of the 4 cycles of a load, so 2 more: 6 bubbles. Runs 3
    # and 4: MSB 0-1, gate 5, 3 more: 7 bubbles each.
    layer = recurrent(2, 3, 2)
    mask = drawn("x. ..", ".. x.", ".. ..")
    row = row_of(layer, mask, {"array.dataflow": "ws", "batch": 2})
    assert cycles(row) == (6, 2, 8 + 6 + 7 + 7, 4 * 2)
    assert slots(row) == (6, 2, 1, 1)
    # Weights, one burst of 16 bytes, come in the first step of each batch; inputs in every run.
    assert (row["dram_weight_read_bytes"], row["dram_activation_read_bytes"]) == (2 * 16, 4 * 16)
    # The two images' entries are disjoint: `combine` issues them together.
    combined = {"array.dataflow": "ws", "batch": 2, "lsb.scheduler": "combine"}
    assert row_of(layer, mask, combined)["lsb_slots_issued"] == 1


@pytest.mark.parametrize(
    ("fetch", "image", "bytes_read"),
    [
        ("with_msb", "....", 64),  # 4 positions of 32 channels of 4 bits
        ("on_demand", "....", 32),  # the MSBs alone
        ("on_demand", "x...", 48),  # and one position's LSBs: 64 bits, one burst of 16 bytes
        ("on_demand", "xx..", 48),  # the next position's lie in the same burst
        ("on_demand", "x..x", 64),
    ],
)
def test_the_lsb_plane_is_fetched_with_the_msbs_or_on_demand(
    fetch: str, image: str, bytes_read: int
) -> None:
    row = row_of(linear(4, 32, 1), drawn(image), {"memory.lsb_fetch": fetch})
    assert row["dram_activation_read_bytes"] == bytes_read


def test_a_single_buffer_waits_for_each_transfer() -> None:
    # Three tiles, each a read and a write of one cycle; every gate and every LSB pass shows a skew.
    layer, mask = linear(1, 6, 5), filled(linear(1, 6, 5), True)
    row = row_of(layer, mask, {"memory.double_buffered": False})
    assert cycles(row) == (18, 18, 3 * (4 + 4), 3 * 2)


def test_ports_too_narrow_for_the_slots() -> None:
    # 8 bits a cycle: the MSB pass reads 6 slots of 3 activations of 2 bits, ceil(36 / 8) = 5 cycles
    # beside 6 of work; at 8 bits by 8, 18 cycles beside 6.
    narrow = {"array.dataflow": "ws"} | {
        f"memory.activation_sram.{key}": value for key, value in (("banks", 1), ("port_bits", 8))
    }
    mask = drawn("x.x..x")
    assert row_of(ONE_CHANNEL, mask, narrow)["port_stall_cycles"] == 0
    assert row_of(ONE_CHANNEL, mask, narrow, "uniform:8,8")["port_stall_cycles"] == 12
