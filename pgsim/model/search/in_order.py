"""What schedulers issue in windows of positions in many orders, whose bits are laid out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts, InOrder, Issued, MaskTiles, Words
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.search.issued import shares_lanes
from pgsim.model.work_store import WorkStore
from pgsim.workload.mask_words import read_only

if TYPE_CHECKING:
    from pgsim.kernels.nest_issued import Scheduled

_NO_RATES = np.empty((0, 3), np.int64)
_MOST_LANES = 64  # which a word has


@dataclass(frozen=True)
class ScheduledMasks:
    """The masks of a layer in some batches, and what the design's scheduler makes of them."""

    job: Job
    block: Block
    store: WorkStore

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.block.stop - self.block.start

    @lazy
    def entries(self) -> int:
        """Mask bits set."""
        words = self.job.layer.mask_words(self.block.start, self.block.stop)
        return int(np.bitwise_count(words).sum())

    def issued(self, tiles: BlockTiles) -> Scheduled:
        """Return what is issued in some tiles, in the order of kernels."""
        from pgsim.kernels.nest_issued import Scheduled  # Numba: only if nests are searched

        work = self.work(tiles)
        few = tiles.lane_group_lanes.max() <= _MOST_LANES
        if few and tiles.order is not None and shares_lanes(self.job):
            active, entries, issued = self._in_order(work, tiles.order)
        else:
            issued, (active, entries, _) = work.issued(_NO_RATES), work.activity
        return Scheduled(issued.slots, issued.vectors, active, entries)

    def work(self, tiles: BlockTiles) -> MaskWork:
        """Return the masks in some tiles."""
        return MaskWork(self.job.in_tiles(tiles), self.block, self.store)

    def _in_order(self, work: MaskWork, order: Counts) -> tuple[Counts, Counts, Issued]:
        """Return active slots, entries and what is issued, in the order of kernels."""
        from pgsim.kernels.activity import activity_in_order  # Numba: only if nests are searched

        tiling, arch = work.tiling, self.job.arch
        lane_bounds, slot_bounds = tiling.bounds
        lanes = self._lanes(work)
        active, entries = activity_in_order(lanes, order, slot_bounds)
        tiles = MaskTiles(
            lambda: work.rows,
            work.lanes,
            lane_bounds,
            slot_bounds,
            arch.array.columns,
            np.broadcast_to(tiling.window_slots, active.shape),
            active,
            entries,
            InOrder(lanes, order),
        )
        return active, entries, arch.scheduler.issue(tiles, _NO_RATES)

    def _lanes(self, work: MaskWork) -> Words:
        """Return the lanes of every slot in lane groups such as these."""
        from pgsim.kernels.slots import lanes_at_slots  # Numba: only if nests are searched

        sizes = work.tiling.lane_group_lanes.tobytes()
        if sizes not in self._known:
            lane_bounds, _ = work.tiling.bounds
            self._known[sizes] = lanes_at_slots(self.rows, work.lanes, lane_bounds)
        return self._known[sizes]

    @lazy
    def _known(self) -> dict[bytes, Words]:
        return {}

    @lazy
    def rows(self) -> Words:
        """The slots of each lane in their own order, packed."""
        mask = self.job.layer.mask_words(self.block.start, self.block.stop)
        return read_only(self.job.arch.lanes.rows(mask, self.job.shape, self.job.batch))
