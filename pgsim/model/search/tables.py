"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import pass_end
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import time_passes
from pgsim.model.traffic.sram import operand_words

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Tables


def tables_of(job: Job, channels: Counts, slots: Counts) -> Tables:
    """Return what tiles take of a layer whose passes are all dense.

    channels: int64, input channels that blocks may have. slots: int64, slots that tiles may have.
    Both ascend.
    """
    from pgsim.kernels.nest_problem import Tables  # Numba: only if nests are searched

    tiles = _tiles_of(job, slots)
    columns = [_column(job.of_channels(each, tiles), slots.size) for each in channels.tolist()]
    of_tiles, of_slots, of_chunks = (
        np.array([each[name] for each in columns], np.int64) for name in range(3)
    )
    of_waits = _stacked([each[3] for each in columns])
    places = np.full((2, int(max(channels[-1], slots[-1])) + 1), -1, np.int64)
    for row, sizes in zip(places, (channels, slots), strict=True):
        row[sizes] = np.arange(sizes.size)
    return Tables(
        places,
        np.ascontiguousarray(of_tiles.transpose(1, 2, 0, 3)),
        np.ascontiguousarray(of_waits.transpose(2, 1, 0, 3)),
        np.ascontiguousarray(of_slots.swapaxes(0, 1)),
        of_chunks,
    )


def _tiles_of(job: Job, slots: Counts) -> BlockTiles:
    """Return tiles of a full lane group, one of each number of slots."""
    return BlockTiles(
        batch=1,
        runs=1,
        groups=1,
        lanes=job.arch.lanes,
        window_slots=slots,
        lane_group_lanes=np.array([job.arch.array.columns], np.int64),
        windows=np.arange(slots.size),
        lane_groups=np.zeros((1, slots.size), np.int64),
        order=None,
    )


def _column(job: Job, number: int) -> tuple[Any, ...]:
    """Return what tiles take with a job's input channels: tiles, slots, chunks and waits."""
    flow = job.flow
    timings = time_passes(job, None)
    one = np.ones((1, 1, 1, 1), np.int64)
    loads = flow.lane_loads([each.folds for each in timings], one, stay=False)
    visits = [flow.sum_visits(each.rate, one) for each in timings]
    finished = finished_in_the_array(job, timings, visits)
    words = operand_words(job, timings, loads)[f"{job.slot_operand.name}_sram_read_words"]
    elements = job.shape.reduction
    busy = [each.output_cycles for each in job.rates]
    tiles = (
        [each.held_cycles(job.arch.array) for each in timings],
        [each.fold_cycles for each in timings],
        [each.port_stall_cycles for each in timings],
        loads,
    )
    often = [int(each.item()) for each in visits]
    lane_bits = [elements * job.lane_operand.bits(each) for each in job.passes]
    return (
        [_rows(each, number) for each in tiles],
        _rows([words, finished], number),
        [sum(often), busy[0], sum(busy[1:]), *lane_bits, *often],
        [_rows(_waits(job, each), number) for each in timings],
    )


def _stacked(waits: Sequence[Sequence[Counts]]) -> Counts:
    """Return what decides waits of all sizes, int64 (input channels, passes, rows, slots).

    Where there are fewer deadlines than elsewhere, the last of them stands for the others.
    """
    most = max(len(own) for column in waits for own in column)
    return np.array(
        [
            [np.concatenate([own, *[own[-2:]] * ((most - len(own)) // 2)]) for own in column]
            for column in waits
        ],
        np.int64,
    )


def _waits(job: Job, timing: PassTiming) -> list[Counts]:
    """Return what decides how long a pass waits for ports, as a row of `Tables.waits` each."""
    if not (job.arch.memory.all_ports and timing.waits_for_ports):
        return []
    bits = job.lane_operand.bits(timing.plan)
    pairs = [(np.array(each * bits), by) for each, by in timing.lane_deadlines(job)]
    return [pass_end(job, timing), *(row for pair in pairs for row in pair)]


def _rows(counts: Sequence[Counts | npt.NDArray[np.bool_]], number: int) -> Counts:
    rows = [np.broadcast_to(each, (1, 1, 1, number)).reshape(-1) for each in counts]
    return np.array(rows, np.int64).reshape(len(rows), number)
