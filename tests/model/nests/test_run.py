"""What happens in a nest's blocks, and when: worked by hand (MODEL.md M40)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs import drawn, linear, random_mask, recurrent
from nest_jobs import nested

from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.nests import NestRun, Waiting, run_blocks, run_nest, timed_blocks
from pgsim.model.work_store import WorkStore

pytestmark = pytest.mark.usefixtures("blocks_alike")

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
WS = {"array.dataflow": "ws"}
GATED, ENTRIES = linear(4, 8, 2), drawn("x... .x..")


def run_of(job: Job, batches: int = 1) -> NestRun:
    return run_nest(job, Block(0, job.batch, batches, 0), WorkStore(0))


def test_blocks_wait_for_their_transfers() -> None:
    """MODEL.md's example: two blocks of 4 rows, a fold of 8 cycles each, and a skew of 4.

    Two bursts of weights and two of input come before the first, of two cycles each; two of input
    beside it. The first block's outputs leave beside the second, and its own after it.
    """
    dram = {"memory.dram.bytes_per_cycle": 4, "memory.dram.burst_bytes": 8}
    run = run_of(nested(linear(8, 8, 2, **UNGATED), "NPQKC", (1, 4, 1, 2, 8), dram))
    moved = {name: own.tolist() for name, own in run.transfers._asdict().items()}
    assert moved == {
        "before": [[8, 0]],
        "beside": [[4, 2]],
        "after": [[0, 2]],
        "demand": [[0, 0]],
    }
    events = run.events
    assert (events.turn_begins.tolist(), events.turn_ends.tolist()) == ([[8, 16]], [[16, 28]])
    assert events.pass_begins.tolist() == [[[8, 16]]]
    assert events.ends.tolist() == [8 + 8 + 12 + 2]


def test_a_gate_makes_one_turn_more_than_there_are_blocks() -> None:
    """MODEL.md's example of two windows (M25) as two blocks: turns of 5, 10 and 7 cycles.

    The second block is fetched, 8 cycles, in the first turn, and the first one written in the last.
    """
    changes = {"array.rows": 2, "memory.dram.bytes_per_cycle": 1, "memory.dram.burst_bytes": 8}
    job = nested(linear(4, 5, 2), "NPQKC", (1, 2, 1, 2, 5), changes, "pg", drawn("x.x. x.x."))
    run = run_of(job)
    worked = run.events.turn_ends - run.events.turn_begins
    assert worked.tolist() == [[5, 10, 7]]
    # 80 bits of weights and 40 of input are two bursts of 8 bytes and one; an output's is one.
    assert run.events.ends.tolist() == [24 + max(5, 8) + 10 + max(7, 8) + 8]


def test_chunks_alike_are_timed_once() -> None:
    """Input blocks of 3, 3 and 2 of 8: what the passes take in the second is that of the first."""
    job = nested(GATED, "NPQKC", (1, 2, 1, 2, 3), None, "pg", ENTRIES)
    _, _, ((one, first), (_, second), (last, third)) = timed_blocks(
        job, Block(0, 1, 1, 0), WorkStore(0)
    )
    assert first is second
    assert third is not first
    assert (one.job.shape.reduction, last.job.shape.reduction) == (3, 2)
    # `os`: a fold of 3 and one of 2 steps in either turn, the LSB pass in the first one alone.
    assert [each.steady_cycles[0, 0, 0].tolist() for each in first] == [[3, 3], [3, 0]]
    assert [each.steady_cycles[0, 0, 0].tolist() for each in third] == [[2, 2], [2, 0]]


@pytest.mark.parametrize("gated", [False, True])
def test_batches_of_images_that_differ_are_all_run(gated: bool) -> None:
    """Three batches of two images: all of them under a mask, one without, by two blocks of rows."""
    layer = linear(4, 8, 2, **({} if gated else UNGATED))
    mask = random_mask(layer, 6) if gated else None
    job = nested(layer, "NPQKC", (2, 2, 1, 2, 8), {"batch": 2}, "pg" if gated else "full", mask)
    run = run_of(job, batches=3)
    runs = 3 if gated else 1
    assert (run.batches.simulated, run.work.pass_cycles.shape[1:]) == (runs, (runs, 2))
    assert run.events.ends.shape == (runs,)


def test_a_smaller_last_batch_has_blocks_of_its_own() -> None:
    """By hand: a nest of 3 images, one in each block; a last batch of 2 images has two blocks."""
    job = nested(linear(4, 8, 2, **UNGATED), "NPQKC", (1, 4, 1, 2, 8), {"batch": 3})
    whole = run_nest(job, Block(0, 3, 1, 0), WorkStore(0))
    rest = run_nest(job, Block(3, 2, 1, 0), WorkStore(0))
    assert (whole.work.pass_cycles.shape[2], rest.work.pass_cycles.shape[2]) == (3, 2)
    assert rest.blocks.job.batch == rest.blocks.nest.sizes[0] == 2
    # Each image is a fold of 8 cycles; the last sum is out 4 later.
    turns = rest.events.turn_ends - rest.events.turn_begins
    assert turns.tolist() == [[8, 8 + 4]]


def test_steps_of_a_recurrence_are_runs() -> None:
    """By hand: three steps of one position; the weights of 8 inputs come in the first alone."""
    run = run_of(nested(recurrent(3, 8, 2, **UNGATED), "NPQKC", (1, 1, 1, 2, 8)))
    assert run.work.pass_cycles.tolist() == [[[8]] * 3]
    # A burst of weights, 16 bytes, and one of input, 4 bytes; there are no sums to fetch.
    found = {name: np.broadcast_to(own.total, (3, 1, 1)) for name, own in run.fetches.items()}
    assert {name: own.ravel().tolist() for name, own in found.items()} == {
        "activation": [1, 1, 1],
        "weight": [1, 0, 0],
        "sum": [0, 0, 0],
    }


# Two of four channels for four blocks of two rows each, whose weights stay. 3 rows by 2 lanes of 8
# bits take 6 cycles of a byte, and are wanted in 2.
LANES = {"memory.ports": "all", "memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}


def test_blocks_whose_lanes_stay_are_run_with_what_they_wait_for_then() -> None:
    """By hand, and whatever was known of blocks of which each loads its own lanes (M18, M40)."""
    job = nested(linear(8, 3, 4, **UNGATED), "KPNQC", (1, 2, 1, 2, 3), WS | LANES)
    timed = timed_blocks(job, Block(0, 1, 1, 0), WorkStore(0))
    waiting = Waiting.of(*timed)
    assert waiting.work.port_stall_cycles.tolist() == [[[4] * 8]]
    for run in (run_of(job), run_blocks(*timed), run_blocks(*timed, waiting)):
        assert run.stretch == 4
        assert run.order.segment_tiles == 4
        assert run.order.operands_stay
        assert run.work.port_stall_cycles.tolist() == [[[4, 0, 0, 0] * 2]]


def test_what_is_known_of_blocks_that_load_their_lanes_is_taken() -> None:
    """By hand, under `os`: 6 bytes of weights are 3 cycles late for the 3 steps of each block."""
    job = nested(linear(8, 3, 4, **UNGATED), "KPNQC", (1, 2, 1, 2, 3), LANES)
    timed = timed_blocks(job, Block(0, 1, 1, 0), WorkStore(0))
    waiting = Waiting.of(*timed)
    run = run_blocks(*timed, waiting)
    assert run.work is waiting.work
    assert run.chunks is waiting.chunks
    assert run.work.port_stall_cycles.tolist() == [[[3] * 8]]
    alone = run_blocks(*timed)
    assert [each.tolist() for each in alone.events] == [each.tolist() for each in run.events]


def test_all_input_blocks_and_lane_groups_of_a_pass_are_pieces_of_it() -> None:
    """By hand: 3 channels are two lane groups, and 8 inputs blocks of 5 and 3, in 2 x 2 pieces.

    Under a gate a pass takes all of them before the next begins; the LSB pass has an entry of the
    first lane group, in the first of two turns.
    """
    layer = linear(4, 8, 3)
    job = nested(layer, "NPQKC", (1, 2, 1, 3, 5), None, "pg", drawn("x... .... ...."))
    run = run_of(job)
    both, first = [5, 5], [5, 0]
    assert run.work.pass_cycles[:, 0].tolist() == [
        both, both, [3, 3], [3, 3], first, [0, 0], [3, 0], [0, 0]
    ]  # fmt: skip
    assert run.order.leading == 4


def test_pages_move_beside_bursts() -> None:
    """By hand: every transfer of the smallest layer opens a page, read and written."""
    pages = {"memory.dram.model": "pages"}
    job = nested(linear(1, 1, 1, **UNGATED), "NPQKC", (1,) * 5, pages)
    bursts, opened = run_of(job).moved
    assert (bursts.before.tolist(), bursts.after.tolist()) == ([[2]], [[1]])
    assert (opened.before.tolist(), opened.after.tolist()) == ([[2]], [[1]])
    (alone,) = run_of(
        replace(job, arch=job.arch.override({"memory.dram.model": "bandwidth"}))
    ).moved
    assert alone.before.tolist() == [[2]]
