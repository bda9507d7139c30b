"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import lane_deadlines, pass_end
from pgsim.model.events import pass_cycles
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
from pgsim.model.passes import PassTiming, time_passes
from pgsim.model.traffic.sram import slot_words

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Tables


def tables_of(job: Job, channels: Counts, slots: Counts) -> Tables:
    """Return what tiles take of a layer whose passes are all dense.

    channels: int64, input channels that blocks may have. slots: int64, slots that tiles may have.
    Both ascend.
    """
    from pgsim.kernels.nest_problem import Tables  # Numba: only if nests are searched

    tiles = _tiles_of(job, slots)
    columns = [_column(job.of_channels(each, tiles)) for each in channels.tolist()]
    passes, most_waits = len(job.passes), max(len(own) for each in columns for own in each.waits)
    of_tiles = np.empty((4, passes, channels.size, slots.size), np.int64)
    of_waits = np.empty((most_waits, passes, channels.size, slots.size), np.int64)
    of_slots = np.empty((2, channels.size, slots.size), np.int64)
    for place, each in enumerate(columns):
        _fill(of_slots[:, place], each.slots)
        for index in range(passes):
            _fill(of_tiles[:, index, place], [row[index] for row in each.tiles])
            waits = each.waits[index]
            # Where there are fewer deadlines than elsewhere, the last one stands for the others.
            more = (most_waits - len(waits)) // 2
            _fill(of_waits[:, index, place], [*waits, *waits[-2:] * more])
    of_chunks = np.array([each.chunk for each in columns], np.int64)
    places = np.full((2, int(max(channels[-1], slots[-1])) + 1), -1, np.int64)
    for row, sizes in zip(places, (channels, slots), strict=True):
        row[sizes] = np.arange(sizes.size)
    return Tables(places, of_tiles, of_waits, of_slots, of_chunks)


def _fill(rows: Counts, counts: Sequence[Counts | npt.NDArray[np.bool_]]) -> None:
    """Write counts that broadcast to tiles into the rows of a table, int64 (rows, slots)."""
    for row, each in zip(rows, counts, strict=True):
        row[:] = each.reshape(-1)


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


class _Column(NamedTuple):
    """What tiles take with some input channels, counts that broadcast to the tiles.

    tiles, waits: rows of `Tables`, of each pass: waits by pass. slots: rows likewise. chunk: of
    `Tables.chunks`.
    """

    tiles: Sequence[Sequence[Counts]]
    slots: Sequence[Counts | npt.NDArray[np.bool_]]
    chunk: Sequence[int]
    waits: Sequence[list[Counts]]


def _column(job: Job) -> _Column:
    """Return what tiles take with a job's input channels."""
    flow = job.flow
    timings = time_passes(job, None)
    one = np.ones((1, 1, 1, 1), np.int64)
    loads = flow.lane_loads([each.folds for each in timings], one, stay=False)
    visits = [flow.sum_visits(each.rate, one) for each in timings]
    finished = finished_in_the_array(job, timings, visits)
    elements = job.shape.reduction
    busy = [each.output_cycles for each in job.rates]
    often = [int(each.item()) for each in visits]
    lane_bits = [elements * job.lane_operand.bits(each) for each in job.passes]
    return _Column(
        tiles=(
            [pass_cycles(job, each) for each in timings],
            [each.fold_cycles for each in timings],
            [each.port_stall_cycles for each in timings],
            loads,
        ),
        slots=(slot_words(job, timings), finished),
        chunk=[sum(often), busy[0], sum(busy[1:]), *lane_bits, *often],
        waits=[_waits(job, each) for each in timings],
    )


def _waits(job: Job, timing: PassTiming) -> list[Counts]:
    """Return what decides how long a pass waits for ports, as a row of `Tables.waits` each."""
    if not (job.arch.memory.all_ports and timing.waits_for_ports):
        return []
    bits = job.lane_operand.bits(timing.plan)
    pairs = [(np.array(each * bits), by) for each, by in lane_deadlines(job, timing)]
    return [pass_end(job, timing), *(row for pair in pairs for row in pair)]
