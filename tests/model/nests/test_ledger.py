"""What a layer counts that a loop nest maps, summed over its blocks by hand (MODEL.md M26, M40)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from designs import conv, drawn, linear
from nest_jobs import nested

from pgsim.model.block_work import BlockWork
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.nests import run_nest, work_of_nest, work_of_run
from pgsim.model.work_store import WorkStore

pytestmark = pytest.mark.usefixtures("blocks_alike")

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}
# Words and bursts of a byte, so that what moves is counted in bytes.
BYTES = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
BYTES |= {"memory.dram.burst_bytes": 1}
# 4 positions by 8 inputs by 2 channels: two blocks of 2 positions, and 3, 3 and 2 inputs.
DENSE, PARTS = linear(4, 8, 2, **UNGATED), (1, 2, 1, 2, 3)

SLOTS = ("slots_dense", "slots_issued", "slots_ideal", "slots_fullest_lane", "active_slots")
BLOCK, NOTHING = Block(0, 1, 1, 0), WorkStore(0)


def work_of(job: Job, batches: int = 1) -> BlockWork:
    return work_of_nest(job, Block(0, job.batch, batches, 0), NOTHING)


def counts_of(work: BlockWork) -> dict[str, list[int]]:
    """The counts of all passes that are not 0, by batch."""
    found = {name: each.tolist() for name, each in work.sums.counts.items()}
    return {name: each for name, each in found.items() if any(each)}


def passes_of(work: BlockWork) -> list[dict[str, list[int]]]:
    """Those of each pass, by batch."""
    return [
        {name: each.tolist() for name, each in own._asdict().items() if any(each.tolist())}
        for own in work.sums.passes
    ]


def test_outputs_and_slots_count_once_and_cycles_in_every_input_block() -> None:
    """By hand: both passes take 3, 3 and 2 steps in each of two blocks, for 8 outputs."""
    work = work_of(nested(DENSE, "CNPQK", PARTS, BYTES, "planes:2,2"))
    own = {name: [4] for name in SLOTS} | {"outputs": [8], "steady_cycles": [2 * 8]}
    own |= {"busy_pe_cycles": [8 * 8], "macs": [8 * 8]}
    assert passes_of(work) == [own, own]
    assert work.sums.folds == (3, 3)  # one in each input block
    assert counts_of(work) == {
        "outputs": [8],
        # Of each block's turn: 2 * 3 * 4 bits of input are 3 bytes, 2 * 2 * 4 are 2.
        "dram_activation_read_bursts": [2 * (3 + 3 + 2)],
        "dram_weight_read_bursts": [2 * 8],  # all weights once
        "dram_read_bursts": [2 * (3 + 3 + 2) + 2 * 8],
        "dram_write_bursts": [2 * 2],  # 4 outputs of 4 bits
        # Planes of 2 bits: 12, 12 and 8 of a block, in words of 8, in each pass.
        "activation_sram_read_words": [2 * 2 * (2 + 2 + 1)],
        "weight_sram_read_words": [2 * 2 * (6 + 6 + 4)],
        # Six visits of 4 sums of 4 words in each of two blocks: the first reads none, and they are
        # read once more as they leave.
        "output_sram_write_words": [2 * 6 * 16],
        "output_sram_read_words": [2 * (6 - 1 + 1) * 16],
    }


def test_lanes_that_are_positions_count_alike() -> None:
    """By hand, one pass under `is`: slots are two channels, a block's lanes are its positions."""
    (own,) = passes_of(work_of(nested(DENSE, "CNPQK", PARTS, BYTES | IS)))
    # A fold of two steps in each of three input blocks of both blocks of positions.
    cycles = {"steady_cycles": [2 * 3 * 2], "busy_pe_cycles": [8 * 8], "macs": [8 * 8]}
    assert own == {name: [4] for name in SLOTS} | cycles | {"outputs": [8]}


def test_folds_of_every_input_block_are_folds_of_a_slot() -> None:
    """By hand: 3, 3 and 2 inputs on two rows are 2, 2 and 1 folds; 3 twice under a gate too."""
    two = BYTES | WS | {"array.rows": 2}
    assert work_of(nested(DENSE, "CNPQK", PARTS, two)).sums.folds == (2 + 2 + 1,)
    layer, mask = linear(4, 9, 2), drawn("x... ....")
    gated = work_of(nested(layer, "NPQKC", PARTS, two, "pg", mask))
    assert gated.sums.folds == (2 + 2 + 2, 2 + 2 + 2)
    assert work_of(nested(DENSE, "NPQKC", (1, 2, 1, 2, 8), two)).sums.folds == (4,)


def test_batches_count_what_their_own_masks_gate() -> None:
    """By hand: two images, of which one has an entry in each block of positions, and one none."""
    layer, mask = linear(4, 8, 2), drawn("x... ..x.", ".... ....")
    work = work_of(nested(layer, "NPQKC", PARTS, BYTES, "pg", mask), batches=2)
    msb, lsb = passes_of(work)
    assert msb["outputs"] == [8, 8]
    assert msb["steady_cycles"] == [16, 16]
    # A slot in each block, of 3, 3 and 2 steps.
    assert lsb == {
        "outputs": [2, 0],
        "slots_dense": [4, 4],
        "slots_issued": [2, 0],
        "slots_ideal": [2, 0],
        "slots_fullest_lane": [2, 0],
        "active_slots": [2, 0],
        "steady_cycles": [16, 0],
        "busy_pe_cycles": [2 * 8, 0],
        "macs": [2 * 8, 0],
    }
    found = counts_of(work)
    # All weights are held over input blocks, and come once, as all bits of activations do.
    assert found["dram_weight_read_bursts"] == [16, 16]
    assert found["dram_activation_read_bursts"] == [16, 16]
    # Three visits of 8 sums, of 2 in the LSB pass, and a mask of 4 bits in each block.
    assert found["output_sram_write_words"] == [3 * 32 + 3 * 8 + 2, 3 * 32 + 2]


def test_input_blocks_alike_count_as_often_as_they_are_taken() -> None:
    """By hand: four input blocks of 2, of which three are alike; two entries in the first turn.

    The weight buffer holds half of a turn's weights, so that both passes fetch theirs. Pages of 64
    bytes hold four bursts, of which an input block fetches one of each operand: a turn's inputs are
    a page ahead of it and one with its other blocks, and so are the weights of the MSB pass. Those
    of the LSB pass are one.
    """
    changes = {"memory.dram.model": "pages", "memory.dram.page_bytes": 64}
    changes |= {"memory.weight_sram.kib": 16 / 1024, "memory.weight_sram.banks": 1}
    changes |= {"memory.weight_sram.port_bits": 8}
    layer, mask = linear(4, 8, 2), drawn("x... .x..")
    work = work_of(nested(layer, "NPQKC", (1, 2, 1, 2, 2), changes, "pg", mask))
    msb, lsb = passes_of(work)
    assert (msb["steady_cycles"], lsb["steady_cycles"]) == ([2 * 4 * 2], [4 * 2])
    assert (msb["macs"], lsb["macs"]) == ([8 * 8], [2 * 8])
    assert (msb["slots_dense"], lsb["slots_issued"]) == ([4], [2])
    assert work.sums.folds == (4, 4)
    found = counts_of(work)
    assert found["dram_read_row_misses"] == [2 * 2 + 2 * 2 + 1]
    assert found["dram_weight_read_bursts"] == [2 * 4 + 4]


def test_folds_with_slots_of_their_own_count_them_in_every_input_block() -> None:
    """By hand, MODEL.md's example (M52) with its two channels apart, on two rows.

    Three taps of one channel are a fold of the left one and one of the other two. The gated pass
    issues one slot and two in each channel; positions 1 to 3 have entries, of two channels each.
    """
    layer = conv(2, 2, 5, 3, gate="input").replace(
        in_size=(1, 5), kernel=(1, 3), padding=(0, 0, 1, 1)
    )
    changes = BYTES | WS | {"array.rows": 2}
    work = work_of(nested(layer, "NPQKC", (1, 1, 5, 2, 1), changes, "pg", drawn("..x..")))
    _, lsb = passes_of(work)
    slots = {
        "slots_dense": [2 * 2 * 5],
        "slots_issued": [2 * 3],
        "slots_ideal": [2 * 3],
        "slots_fullest_lane": [2 * 3],
        "active_slots": [2 * 3],
    }
    assert {name: lsb[name] for name in slots} == slots
    assert lsb["outputs"] == [6]
    assert lsb["macs"] == [12]  # pixel 2 under three taps of two channels, for two outputs
    assert lsb["steady_cycles"] == [2 * 3]
    assert work.sums.folds[1] == 1 + 1  # a slot goes through one, in either channel


def test_each_group_moves_what_is_its_own() -> None:
    """By hand: two groups of 8 inputs by 2 channels of 2 x 2 pixels, a row of them at a time."""
    layer = conv(16, 4, 2, 1, groups=2, **UNGATED)
    found = counts_of(work_of(nested(layer, "NPQKC", (1, 1, 2, 2, 8), BYTES)))
    assert found["outputs"] == [2 * 8]
    assert found["dram_weight_read_bursts"] == [2 * 16]
    assert found["dram_activation_read_bursts"] == [2 * 2 * 8]  # 2 pixels by 8 inputs of 4 bits
    assert found["dram_write_bursts"] == [2 * 2 * 2]
    assert found["weight_sram_read_words"] == [2 * 2 * 16]  # each row's fold streams them


def test_outputs_that_stay_are_written_once_for_all_input_blocks() -> None:
    """By hand (M42): two blocks of 4 outputs of 4 bits are two words each, and no burst."""
    job = replace(nested(DENSE, "CNPQK", PARTS, BYTES), output_stays=True)
    found = counts_of(work_of(job))
    assert found["activation_sram_write_words"] == [2 * 2]
    assert "dram_write_bursts" not in found


def test_every_block_opens_pages_of_its_own() -> None:
    """By hand (M44): each of six turns reads a burst of inputs, and three one of weights."""
    pages = {"memory.dram.model": "pages", "memory.dram.page_bytes": 64}
    found = counts_of(work_of(nested(DENSE, "CNPQK", PARTS, pages)))
    assert found["dram_read_row_misses"] == [6 + 3]
    assert found["dram_write_row_misses"] == [2]
    without = counts_of(work_of(nested(DENSE, "CNPQK", PARTS)))
    assert not any(name.endswith("row_misses") for name in without)


def test_waits_for_ports_are_those_of_all_passes() -> None:
    """By hand: weights of 8 steps by 2 lanes take 16 cycles through 8 bits, twice."""
    port = {"memory.ports": "all", "memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    work = work_of(nested(DENSE, "NPQKC", (1, 2, 1, 2, 8), port, "planes:2,2"))
    assert counts_of(work)["port_stall_cycles"] == [2 * 2 * 8]


def test_one_output_is_one_of_everything() -> None:
    """The smallest layer: a weight, an input and an output are a byte each, at most."""
    run = run_nest(nested(linear(1, 1, 1, **UNGATED), "NPQKC", (1,) * 5, BYTES), BLOCK, NOTHING)
    work = work_of_run(run)
    assert {tuple(each) for own in passes_of(work) for each in own.values()} == {(1,)}
    found = counts_of(work)
    assert found.pop("dram_read_bursts") == [2]
    assert {tuple(each) for each in found.values()} == {(1,)}
    assert (work.order, work.work, work.moved) == (run.order, run.work, run.moved)
