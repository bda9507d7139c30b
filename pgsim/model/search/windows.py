"""What a mask leaves of gated passes at least, whatever the order of a nest's loops (M41)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from pgsim.arch import LOOPS, Counts, Rate
from pgsim.mapping import Nest, block_tiles, loop_sizes
from pgsim.mapping.nest import CHANNELS, IN_CHANNELS
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.search.goal import ROUNDED, Floats, Goal
from pgsim.schemes import ACTIVATIONS


@dataclass(frozen=True)
class Windows:
    """The masks of a layer in some batches, and what gated passes take at least."""

    job: Job
    goal: Goal
    block: Block
    store: WorkStore
    _known: dict[tuple[int, ...], float] = field(default_factory=dict)

    @cached_property
    def ideal_cycles(self) -> float:
        """Cycles of the gated passes at least, whatever the blocks: lanes pack without a gap."""
        entries = int(MaskWork(self.job, self.block, self.store).activity[1].sum())
        flow, array = self.job.flow, self.job.arch.array
        slots = -(-entries // array.columns)
        return float(sum(flow.issued_cycles(slots, array.rows, rate) for rate in self._rates))

    def fullest_cycles(self, sizes: Counts) -> Floats:
        """Return their cycles at least in blocks of some sizes: their fullest lanes'.

        sizes: int64 (choices, 5), of blocks, as `LOOPS` has them. Returns float64 (choices,).
        """
        alike, places = np.unique(sizes[:, :IN_CHANNELS], axis=0, return_inverse=True)
        job = self.job
        in_raster = job.slot_operand is ACTIVATIONS and not job.arch.lsb.by_density
        if in_raster and job.shape.runs_per_batch == 1:
            own = self._of_positions(alike)
        else:
            own = np.array([self._of_tiles(each) for each in alike.tolist()])
        found: Floats = own[places.reshape(-1)]
        return found

    def _of_positions(self, sizes: Counts) -> Floats:
        """Return the same where slots are positions, and channels are in their own order."""
        from pgsim.kernels.nest_windows import least_of_blocks  # Numba: only if nests are searched

        job, arch = self.job, self.job.arch
        keeps = int(not arch.scheduler.splits_lanes)
        layout = [job.batch, job.shape.channels_per_group, arch.array.columns, keeps]
        slots = np.arange(int(sizes[:, :CHANNELS].prod(axis=1).max()) + 1)
        cycles = least_of_blocks(self._entries, np.array(layout), sizes, self._steady(slots))
        found: Floats = cycles.astype(np.float64)
        return found

    @cached_property
    def _entries(self) -> Counts:
        from pgsim.kernels.nest_windows import entries_before  # Numba: only if nests are searched

        mask = self.job.layer.mask_words(self.block.start, self.block.stop)
        before: Counts = entries_before(mask, *self.job.shape.run_out_size)
        return before

    def _of_tiles(self, sizes: list[int]) -> float:
        """Return the same for blocks of one size, from what is known of their tiles."""
        _, entries, fullest = self._work(sizes).activity
        slots = -(-entries // self.job.arch.array.columns)
        if not self.job.arch.scheduler.splits_lanes:
            slots = np.maximum(slots, fullest)
        return float(self._steady(slots).sum())

    def issued_cycles(self, sizes: list[int]) -> float:
        """Return their cycles in blocks of a size, edges and waits apart.

        sizes: of a block, as `LOOPS` has them; all C blocks of a pass are taken together.
        """
        key = tuple(sizes[:IN_CHANNELS])
        if key not in self._known:
            slots = self._work(sizes[:IN_CHANNELS]).issued(np.empty((0, 3), np.int64)).slots
            self._known[key] = float(self._steady(slots).sum())
        return self._known[key]

    def _work(self, sizes: list[int]) -> MaskWork:
        """Return the masks in blocks of so many images, rows, columns and channels."""
        n, p, q, k = sizes
        whole = loop_sizes(self.job.shape, self.job.batch)
        nest = Nest(LOOPS, whole, (n, p, q, k, whole[IN_CHANNELS]))
        indices = np.indices(nest.trips).reshape(5, -1)
        shape, array = self.job.shape, self.job.arch.array
        tiles = block_tiles(
            nest, indices, self.job.arch.lanes, array.columns, shape.runs_per_batch, shape.groups
        )
        return MaskWork(replace(self.job, nest=nest, tiles=tiles), self.block, self.store)

    def _steady(self, slots: Counts) -> Counts:
        """Return what the gated passes take of so many slots of a tile each."""
        flow, rows = self.job.flow, self.job.arch.array.rows
        each = [
            flow.folds(slots, rows, rate) * flow.fold_cycles(slots, rate) for rate in self._rates
        ]
        cycles: Counts = sum(each[1:], each[0])
        return cycles

    @cached_property
    def _rates(self) -> list[Rate]:
        """How the array takes the gated passes."""
        return [
            rate for plan, rate in zip(self.job.passes, self.job.rates, strict=True) if plan.gated
        ]

    def with_bursts(self, least: Floats, bursts: Counts) -> Floats:
        """Return costs, as `bounds` gives them, of what moves at least so many bursts."""
        costs, prices = least.copy(), self.goal.prices
        more = np.maximum(0, bursts - least[:, 1])
        costs[:, 1] += more
        moved = costs[:, 1] * float(self.job.arch.dram_cycles.burst) * ROUNDED
        costs[:, 0] = np.maximum(least[:, 0], moved)
        costs[:, 2] += more * self.goal.least_burst_pj
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * prices["cycles"]
        return costs

    def with_trailing(self, least: Floats, cycles: float | Floats) -> Floats:
        """Return costs of leading passes, as `bounds` gives them, with the gated passes' cycles."""
        costs = least.copy()
        costs[:, 0] = np.maximum(least[:, 0], least[:, 3] + cycles)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * self.goal.prices["cycles"]
        return costs
