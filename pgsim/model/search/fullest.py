"""What gated passes take if each tile is as long as its fullest lane (MODEL.md M14, M41)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts, Rate, Words
from pgsim.lazy import lazy
from pgsim.mapping.nest import CHANNELS
from pgsim.model.job import Job
from pgsim.model.search.goal import Floats
from pgsim.model.search.in_order import ScheduledMasks
from pgsim.model.search.issued import (
    Key,
    WindowTiles,
    of_each_key,
    shares_lanes,
    tiles_of_blocks,
    tiles_of_windows,
)

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Loops


def gated_rates(job: Job) -> list[Rate]:
    """Return how the array takes the gated passes."""
    return [rate for plan, rate in zip(job.passes, job.rates, strict=True) if plan.gated]


def gated_cycles(job: Job, slots: Counts) -> Counts:
    """Return what the gated passes take of so many issued slots of a tile each."""
    flow, rows = job.flow, job.arch.array.rows
    first, *others = (
        flow.folds(slots, rows, rate) * flow.fold_cycles(slots, rate) for rate in gated_rates(job)
    )
    cycles: Counts = sum(others, first)
    return cycles


@dataclass(frozen=True)
class FullestLanes:
    """The masks of a layer in some batches, by what the fullest lanes of their tiles take.

    A scheduler that splits lanes may issue less: of it, lanes are taken to pack without a gap.
    """

    masks: ScheduledMasks
    _known: dict[Key, float] = field(default_factory=dict)

    def cycles_in_blocks(self, sizes: Counts) -> Floats:
        """Return the cycles of the gated passes in blocks of some sizes, float64 (choices,).

        sizes: int64 (choices, 5), of blocks, as `LOOPS` has them.
        """
        return np.array(of_each_key(self.masks.job, sizes, self._known, self._in_blocks))

    def _in_blocks(self, sizes: Counts) -> list[float]:
        job, cycles = self.masks.job, np.zeros(len(sizes))
        if self._in_raster:
            cycles = self._cut(self._entries_of_images, job.batch, sizes)
        else:
            for each in tiles_of_blocks(job, sizes, self.masks.images):
                cycles[each.places] = self._of_tiles(each)
        found: list[float] = cycles.tolist()
        return found

    def cycles_in_windows(self, slots: Counts) -> Floats:
        """Return the same in the fixed order, in windows of so many slots, float64 (windows,)."""
        job = self.masks.job
        if self._in_raster:
            lanes, _ = job.cuts
            ones = np.ones_like(slots)
            sizes = np.stack([ones, ones, slots, ones * lanes.total], axis=1)
            return self._cut(self._entries_of_batches, 1, sizes)
        cycles = np.zeros(slots.size)
        for each in tiles_of_windows(job, slots, self.masks.images):
            cycles[each.places] = self._of_tiles(each)
        return cycles

    def reached(self, loops: Loops, picks: Counts) -> Counts | None:
        """Count what blocks reach that have an entry, as `reached_by_entries` does.

        None where slots are not positions, or channels stand in another order than their own.
        """
        from pgsim.kernels.nest_windows import reached_by_entries  # Numba: only if it is searched

        if not self._in_raster:
            return None
        job = self.masks.job
        layout = np.array([job.batch, job.shape.channels_per_group])
        found: Counts = reached_by_entries(self._entries_of_images, layout, loops, picks)
        return found

    @property
    def _in_raster(self) -> bool:
        """Whether slots are positions, and channels are in their own order."""
        return shares_lanes(self.masks.job) and not self.masks.job.arch.lsb.by_density

    @lazy
    def _entries_of_images(self) -> Counts:
        job, block = self.masks.job, self.masks.block
        return _entries(job.layer.mask_words(block.start, block.stop), *job.shape.run_out_size)

    @lazy
    def _entries_of_batches(self) -> Counts:
        """Of a batch's positions as one row."""
        return _entries(self.masks.rows, 1, self.masks.job.cuts[1].total)

    def _cut(self, entries: Counts, images: int, sizes: Counts) -> Floats:
        """Return what blocks take that are cut from so many images at a time."""
        from pgsim.kernels.nest_windows import least_of_blocks  # Numba: only if nests are searched

        job, arch = self.masks.job, self.masks.job.arch
        keeps = int(not arch.scheduler.splits_lanes)
        layout = [images, job.shape.channels_per_group, arch.array.columns, keeps]
        slots = np.arange(int(sizes[:, :CHANNELS].prod(axis=1).max()) + 1)
        cycles = least_of_blocks(entries, np.array(layout), sizes, gated_cycles(job, slots))
        found: Floats = cycles.astype(np.float64)
        return found

    def _of_tiles(self, windows: WindowTiles) -> Floats:
        """Return the same in windows of several sizes, from what is known of their tiles."""
        job, work = self.masks.job, self.masks.work(windows.tiles)
        _, entries, fullest = map(work.tiling.by_tile, work.activity)
        slots = -(-entries // job.arch.array.columns)
        if not job.arch.scheduler.splits_lanes:
            slots = np.maximum(slots, fullest)
        cycles = gated_cycles(job, slots).sum(axis=(0, 1, 2))
        return np.add.reduceat(cycles, windows.begins).astype(np.float64)


def _entries(mask: Words, height: int, width: int) -> Counts:
    """Return the entries above and to the left of every position (`nest_windows`)."""
    from pgsim.kernels.nest_windows import entries_before  # Numba: only if nests are searched

    before: Counts = entries_before(mask, height, width)
    return before
