"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles
from pgsim.model.events import pass_cycles
from pgsim.model.job import Job
from pgsim.model.passes import time_passes
from pgsim.model.traffic.sram import finished_in_the_array, operand_words

if TYPE_CHECKING:
    from pgsim.kernels.nest_search import Tables


def tables_of(job: Job, channels: Counts, slots: Counts) -> Tables:
    """Return what tiles take of a layer whose passes are all dense.

    channels: int64, input channels that blocks may have. slots: int64, slots that tiles may have.
    Both ascend.
    """
    from pgsim.kernels.nest_search import Tables  # Numba: only if nests are searched

    tiles = _tiles_of(job, slots)
    columns = [_column(_of_channels(job, each, tiles), slots.size) for each in channels.tolist()]
    by_pass = [np.array([each[name] for each in columns]) for name in range(4)]
    cycles, folds, stalls, loads = (each.swapaxes(0, 1) for each in by_pass)
    words, lane_bits, visits, finished, busy = (
        np.array([each[name] for each in columns]) for name in range(4, 9)
    )
    return Tables(
        _places(channels),
        _places(slots),
        *(np.ascontiguousarray(each) for each in (cycles, folds, stalls, loads)),
        words,
        np.ascontiguousarray(lane_bits.T),
        visits,
        finished,
        np.ascontiguousarray(busy.T),
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


def _of_channels(job: Job, channels: int, tiles: BlockTiles) -> Job:
    """Return the job of a layer with so many input channels in a group."""
    if channels == job.shape.in_channels_per_group:
        return replace(job, tiles=tiles)
    shape = job.shape.replace(in_channels=channels * job.shape.groups)
    return replace(job, layer=replace(job.layer, shape=shape), tiles=tiles)


def _column(job: Job, number: int) -> tuple[object, ...]:
    """Return what tiles take with a job's input channels, in the order of `Tables`."""
    flow = job.arch.dataflow
    timings = time_passes(job, None)
    one = np.ones((1, 1, 1, 1), np.int64)
    loads = flow.lane_loads([each.folds for each in timings], one, stay=False)
    visits = [flow.sum_visits(each.rate, one) for each in timings]
    words = operand_words(job, timings, loads)[f"{job.slot_operand.name}_sram_read_words"]
    elements = job.shape.reduction
    busy = [each.output_cycles for each in job.rates]
    return (
        _rows((pass_cycles(job, each) for each in timings), number),
        _rows((each.fold_cycles for each in timings), number),
        _rows((each.port_stall_cycles for each in timings), number),
        _rows(loads, number),
        np.broadcast_to(words, (1, 1, 1, number)).reshape(-1),
        [elements * job.lane_operand.bits(each) for each in job.passes],
        sum(int(each.item()) for each in visits),
        np.broadcast_to(
            finished_in_the_array(job, timings, visits), (1, 1, 1, number)
        ).reshape(-1),
        [busy[0], sum(busy[1:])],
    )


def _rows(counts: Iterable[Counts], number: int) -> Counts:
    return np.array([np.broadcast_to(each, (1, 1, 1, number)).reshape(-1) for each in counts])


def _places(sizes: Counts) -> Counts:
    """Return the place of each size among them, int64 (largest + 1,)."""
    places = np.full(int(sizes[-1]) + 1, -1, np.int64)
    places[sizes] = np.arange(sizes.size)
    return places
