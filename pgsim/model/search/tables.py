"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import NOTHING, Counts
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import pass_end
from pgsim.model.fetches import Bools
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import Timings, time_passes
from pgsim.model.traffic.sram import slot_words

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Tables

_ONE: Counts = np.ones((1, 1, 1, 1), np.int64)


def tables_of(job: Job, channels: Counts, slots: Counts) -> Tables:
    """Return what tiles take of a layer whose passes are all dense.

    channels: int64, input channels that blocks may have. slots: int64, slots that tiles may have.
    Both ascend.
    """
    from pgsim.kernels.nest_places import places_and_sizes
    from pgsim.kernels.nest_problem import Tables  # Numba: only if nests are searched

    layers = job.of_each(channels, _tiles_of(job, channels, slots))
    timings = time_passes(layers, None)
    visits = [job.flow.sum_visits(each.rate, _ONE) for each in timings]
    of_tiles = (
        [each.held_cycles(job.arch.array) for each in timings],
        [each.fold_cycles for each in timings],
        [each.port_stall_cycles for each in timings],
        job.flow.lane_loads([each.folds for each in timings], _ONE, stay=False),
    )
    of_waits = tuple(zip(*(_waits(layers, each) for each in timings), strict=True))
    of_slots = (slot_words(layers, timings), finished_in_the_array(layers, timings, visits))
    of_chunks = _chunks(layers, timings, visits)
    size = (channels.size, slots.size)
    return Tables(
        *places_and_sizes(channels, slots),
        _filled(chain(*of_tiles), (len(of_tiles), len(timings), *size)),
        _filled(chain(*of_waits), (len(of_waits), len(timings), *size)),
        _filled(of_slots, (len(of_slots), *size)),
        _filled(of_chunks, (len(of_chunks), channels.size, 1))[:, :, 0].T.copy(),
    )


def _tiles_of(job: Job, channels: Counts, slots: Counts) -> BlockTiles:
    """Return tiles of a full lane group, one of each number of slots in a run for each layer."""
    return BlockTiles(
        batch=1,
        runs=channels.size,
        groups=1,
        lanes=job.arch.lanes,
        window_slots=slots,
        lane_group_lanes=np.array([job.arch.array.columns], np.int64),
        windows=np.arange(slots.size),
        lane_groups=np.zeros((1, slots.size), np.int64),
        order=None,
    )


def _filled(counts: Iterable[Counts | Bools], shape: tuple[int, ...]) -> Counts:
    """Return counts that broadcast to tiles in an int64 array (..., layers, slots)."""
    filled = np.empty(shape, np.int64)
    for own, each in zip(filled.reshape(-1, *shape[-2:]), counts, strict=True):
        own[...] = each[:, 0, 0]
    return filled


def _waits(job: Job, timing: PassTiming) -> list[Counts]:
    """Return what decides how long a pass waits for ports, as a row of `Tables.waits` each."""
    if not (job.arch.memory.all_ports and timing.waits_for_ports):
        return []
    bits = job.lane_operand.bits(timing.plan)
    pairs = [(_ONE * elements * bits, by) for elements, by in timing.lane_deadlines(job)]
    return [pass_end(job, timing), *(row for pair in pairs for row in pair)]


def _chunks(job: Job, timings: Timings, visits: Sequence[Counts]) -> list[Counts]:
    """Return what input channels decide alone, as a column of `Tables.chunks` each."""
    lane_bits = [_ONE * each.reduction * job.lane_operand.bits(each.plan) for each in timings]
    busy: list[Counts] = [_ONE * each.rate.output_cycles for each in timings]
    return [sum(visits, NOTHING), *lane_bits, *visits, *busy]
