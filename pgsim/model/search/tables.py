"""What tiles of a layer take, by the sizes that blocks may have (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import pass_end
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
from pgsim.model.layer import design_in
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import time_passes
from pgsim.model.traffic.sram import slot_words
from pgsim.model.work_store import Known, WorkStore

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Tables


def tables_of(job: Job, channels: Counts, slots: Counts, store: WorkStore | None = None) -> Tables:
    """Return what tiles take of a layer whose passes are all dense.

    channels: int64, input channels that blocks may have. slots: int64, slots that tiles may have.
    Both ascend. store: what layers share columns through.
    """
    from pgsim.kernels.nest_places import places_and_sizes
    from pgsim.kernels.nest_problem import Tables  # Numba: only if nests are searched

    known = Known(_kind(job, store)) if store is not None and store.keeps else None
    columns = [_shared(job, each, slots, store, known) for each in channels.tolist()]
    most_waits = max(len(own) for each in columns for own in each.waits)
    passes = len(job.passes)
    of_tiles = np.empty((_TILE_ROWS, passes, channels.size, slots.size), np.int64)
    of_waits = np.empty((most_waits, passes, channels.size, slots.size), np.int64)
    of_slots = np.empty((2, channels.size, slots.size), np.int64)
    for place, each in enumerate(columns):
        at = each.slots.searchsorted(slots)
        of_tiles[:, :, place] = each.tiles[:, :, at]
        of_slots[:, place] = each.of_slots[:, at]
        for index, own in enumerate(each.waits):
            of_waits[: len(own), index, place] = own[:, at]
            # Where there are fewer deadlines than elsewhere, the last one stands for the others.
            for row in range(len(own), most_waits):
                of_waits[row, index, place] = of_waits[row - 2, index, place]
    of_chunks = np.array([each.chunk for each in columns], np.int64)
    return Tables(*places_and_sizes(channels, slots), of_tiles, of_waits, of_slots, of_chunks)


class _Column(NamedTuple):
    """What tiles of some slots take with some input channels.

    slots: int64, ascending. tiles, waits, of_slots: rows of `Tables` for them, int64 (rows, passes,
    slots), of each pass (rows, slots), and (rows, slots). chunk: of `Tables.chunks`.
    """

    slots: Counts
    tiles: Counts
    waits: list[Counts]
    of_slots: Counts
    chunk: list[int]

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        arrays = (self.slots, self.tiles, *self.waits, self.of_slots)
        return _COLUMN_BYTES + sum(each.nbytes for each in arrays)


_TILE_ROWS = 4  # of `Tables.tiles`
_COLUMN_BYTES = 1_000  # beside its arrays


def _kind(job: Job, store: WorkStore) -> Hashable:
    """Return what decides columns beside their input channels and slots.

    Each input channel comes with all weights of a kernel: a layer's size matters no further.
    """
    return (
        "columns",
        design_in(store, job.arch),
        job.flow,
        job.shape.op,
        job.shape.kernel,
        job.passes,
    )


def _shared(
    job: Job, channels: int, slots: Counts, store: WorkStore | None, kind: Known | None
) -> _Column:
    """Return a column that has these slots, and perhaps others that other layers asked for."""
    if store is None or kind is None:
        return _column(job.of_channels(channels, _tiles_of(job, slots)), slots)
    key = Known((kind, channels))
    found: _Column | None = store.held(key)
    if found is not None:
        at = np.minimum(found.slots.searchsorted(slots), found.slots.size - 1)
        if (found.slots[at] == slots).all():
            return found
        slots = np.union1d(found.slots, slots)
    found = _column(job.of_channels(channels, _tiles_of(job, slots)), slots)
    store.hold(key, found, found.size_bytes)
    return found


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


def _column(job: Job, slots: Counts) -> _Column:
    """Return what tiles of so many slots take with a job's input channels."""
    flow, number = job.flow, slots.size
    timings = time_passes(job, None)
    one = np.ones((1, 1, 1, 1), np.int64)
    loads = flow.lane_loads([each.folds for each in timings], one, stay=False)
    visits = [flow.sum_visits(each.rate, one) for each in timings]
    finished = finished_in_the_array(job, timings, visits)
    elements = job.shape.reduction
    busy = [each.output_cycles for each in job.rates]
    often = [int(each.item()) for each in visits]
    lane_bits = [elements * job.lane_operand.bits(each) for each in job.passes]
    tiles = (
        [each.held_cycles(job.arch.array) for each in timings],
        [each.fold_cycles for each in timings],
        [each.port_stall_cycles for each in timings],
        loads,
    )
    return _Column(
        slots,
        np.stack([_filled(each, number) for each in tiles]),
        [_filled(_waits(job, each), number) for each in timings],
        _filled([slot_words(job, timings), finished], number),
        [sum(often), busy[0], sum(busy[1:]), *lane_bits, *often],
    )


def _filled(counts: Sequence[Counts | npt.NDArray[np.bool_]], slots: int) -> Counts:
    """Return counts that broadcast to tiles as rows, int64 (counts, slots)."""
    rows = np.empty((len(counts), slots), np.int64)
    for row, each in zip(rows, counts, strict=True):
        row[:] = each.reshape(-1)
    return rows


def _waits(job: Job, timing: PassTiming) -> list[Counts]:
    """Return what decides how long a pass waits for ports, as a row of `Tables.waits` each."""
    if not (job.arch.memory.all_ports and timing.waits_for_ports):
        return []
    bits = job.lane_operand.bits(timing.plan)
    pairs = [(np.array(each * bits), by) for each, by in timing.lane_deadlines(job)]
    return [pass_end(job, timing), *(row for pair in pairs for row in pair)]
