"""Waits for all ports in the tiles of a nest's blocks, by hand (MODEL.md M40, M43)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from designs import drawn, linear
from nest_jobs import nested

from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.nests import timed_blocks
from pgsim.model.nests.ports import wait_for_buffers
from pgsim.model.work_store import WorkStore

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
ALL = {"memory.ports": "all"}
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}


def narrow(buffer: str, banks: int = 1) -> dict[str, Any]:
    """A buffer that moves 8 bits a cycle for each of its banks."""
    return {f"memory.{buffer}_sram.banks": banks, f"memory.{buffer}_sram.port_bits": 8}


def waits(job: Job, stretch: int = 0) -> list[list[Any]]:
    """By chunk and pass, the waits of its tiles, (lane groups, blocks)."""
    blocks, _, chunks = timed_blocks(job, Block(0, 1, 1, 0), WorkStore(0))
    return [
        [each.port_stall_cycles[0, 0].tolist() for each in timings]
        for _, timings in wait_for_buffers(blocks, chunks, stretch)
    ]


def test_nothing_changes_where_only_the_slots_ports_are_limited() -> None:
    job = nested(linear(8, 8, 2, **UNGATED), "NPQKC", (1, 4, 1, 2, 8), narrow("weight"))
    blocks, _, chunks = timed_blocks(job, Block(0, 1, 1, 0), WorkStore(0))
    assert wait_for_buffers(blocks, chunks, 0) is chunks


def test_each_block_waits_for_the_lanes_and_for_finished_outputs() -> None:
    """MODEL.md's example: 16 cycles bring the weights of 8 steps; 64 bits of outputs take 4.

    Through 8 bits they take 8, as long as the pass; with 16 bits an output, which are four times
    as many, 32 cycles.
    """
    nest = ("NPQKC", (1, 4, 1, 2, 8))
    layer = linear(8, 8, 2, **UNGATED)
    weights = ALL | narrow("weight") | narrow("output", 2)
    assert waits(nested(layer, *nest, weights)) == [[[[16 - 8] * 2]]]
    assert waits(nested(layer, *nest, ALL | narrow("output"))) == [[[[0, 0]]]]
    job = nested(layer, *nest, ALL | narrow("output"))
    job = Job(job.layer, job.passes, job.arch, 16, job.batch, nest=job.nest)
    assert waits(job) == [[[[32 - 8] * 2]]]


@pytest.mark.parametrize(
    ("changes", "cycles"),
    [
        ({}, 4),  # a step for each of 4 inputs
        (IS, 2),  # a step for each of two channels, which lanes of two positions share
    ],
)
def test_sums_wait_for_other_input_blocks(changes: dict[str, Any], cycles: int) -> None:
    """By hand: 4 sums of 32 bits are 16 cycles each way, in each of two input blocks of 4.

    The first writes them; the second reads and writes them, and reads them as they leave. Where the
    buffer holds no more than a block's they leave, and come back, in between.
    """
    layer = linear(4, 8, 2, **UNGATED)
    own = ALL | changes | narrow("output")
    job = nested(layer, "CNPQK", (1, 2, 1, 2, 4), own)
    assert waits(job) == [[[[16 - cycles] * 2]], [[[48 - cycles] * 2]]]
    room = 4 if changes else 8  # `os` wants room for a window of four slots
    small = own | {"memory.output_sram.kib": 2 * room * 32 / 8192}
    held = nested(linear(8, 8, 2, **UNGATED), "CNPQK", (1, 2, 1, 2, 4), small)
    assert waits(held) == [[[[32 - cycles] * 4]], [[[48 - cycles] * 4]]]


def test_the_mask_and_what_leaves_belong_to_the_last_input_block() -> None:
    """By hand: two turns of two input blocks of 4 steps; both active entries are in the first.

    The MSB pass writes 4 sums, 16 cycles; then it reads and writes them, and 4 bits of mask in and
    out, a cycle. The LSB pass reads and writes two sums, and then reads all 4 as they leave; in the
    second turn, where it does not happen, they leave with the MSB pass.
    """
    job = nested(
        linear(4, 8, 2), "NPQKC", (1, 2, 1, 2, 4), ALL | narrow("output"), "pg", drawn("x... .x..")
    )
    first, second = waits(job)
    assert first == [[[16 - 4, 16 - 4]], [[16 - 4, 0]]]
    assert second == [[[33 - 4, 33 + 16 - 4]], [[16 + 16 - 4, 0]]]


@pytest.mark.parametrize(("stretch", "late"), [(4, [4, 0, 0, 0] * 2), (0, [4] * 8)])
def test_blocks_whose_lanes_stay_wait_for_none(stretch: int, late: Sequence[int]) -> None:
    """By hand: 3 rows by 2 lanes of 8 bits take 6 cycles, and are wanted by the second step."""
    layer = linear(8, 3, 4, **UNGATED)
    job = nested(layer, "KPNQC", (1, 2, 1, 2, 3), ALL | WS | narrow("weight"))
    assert waits(job, stretch) == [[[list(late)]]]


def test_a_smaller_last_block_waits_less() -> None:
    """By hand: 8 inputs by 2 lanes and by 1, in rows 4 and 1: 16 and 8 cycles beside 8."""
    layer = linear(5, 8, 3, **UNGATED)
    job = nested(layer, "NPQKC", (1, 4, 1, 2, 8), ALL | narrow("weight"))
    assert waits(job) == [[[[8, 0, 8, 0]]]]


def test_one_output_has_to_leave() -> None:
    """The smallest layer: an output of 4 bits in and out is a cycle, and its step takes one."""
    job = nested(linear(1, 1, 1, **UNGATED), "NPQKC", (1,) * 5, ALL | narrow("output"))
    assert waits(job) == [[[[0]]]]
    job = Job(job.layer, job.passes, job.arch, 32, job.batch, nest=job.nest)
    assert waits(job) == [[[[8 - 1]]]]
