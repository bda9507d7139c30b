"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import moved_bits, with_waits
from pgsim.model.events import pass_cycles
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
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
    places = np.full((2, int(max(channels[-1], slots[-1])) + 1), -1, np.int64)
    for row, sizes in zip(places, (channels, slots), strict=True):
        row[sizes] = np.arange(sizes.size)
    return Tables(
        places,
        np.ascontiguousarray(of_tiles.transpose(1, 2, 0, 3)),
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


def _column(job: Job, number: int) -> tuple[object, ...]:
    """Return what tiles take with a job's input channels, in the order of `Tables`."""
    flow = job.flow
    timings = time_passes(job, None)
    one = np.ones((1, 1, 1, 1), np.int64)
    loads = flow.lane_loads([each.folds for each in timings], one, stay=False)
    visits = [flow.sum_visits(each.rate, one) for each in timings]
    finished = finished_in_the_array(job, timings, visits)
    if job.arch.memory.all_ports:
        # An estimate: lane groups may be smaller, and sums of other C blocks end elsewhere (M43).
        timings = with_waits(job, timings, loads, moved_bits(job, timings, visits, finished))
    words = operand_words(job, timings, loads)[f"{job.slot_operand.name}_sram_read_words"]
    elements = job.shape.reduction
    busy = [each.output_cycles for each in job.rates]
    tiles = (
        [pass_cycles(job, each) for each in timings],
        [each.fold_cycles for each in timings],
        [each.port_stall_cycles for each in timings],
        loads,
    )
    lane_bits = [elements * job.lane_operand.bits(each) for each in job.passes]
    return (
        [_rows(each, number) for each in tiles],
        _rows([words, finished], number),
        [sum(int(each.item()) for each in visits), busy[0], sum(busy[1:]), *lane_bits],
    )


def _rows(counts: Sequence[Counts | npt.NDArray[np.bool_]], number: int) -> Counts:
    rows = [np.broadcast_to(each, (1, 1, 1, number)).reshape(-1) for each in counts]
    return np.array(rows, np.int64)
