"""What a mask leaves of gated passes at least, whatever the order of a nest's loops (M41)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.lazy import lazy
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model import gating
from pgsim.model.blocks import Block
from pgsim.model.events import order_of
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts
from pgsim.model.search.fullest import FullestLanes, gated_cycles, gated_rates
from pgsim.model.search.goal import ROUNDED, Floats, Goal
from pgsim.model.search.in_order import ScheduledMasks
from pgsim.model.search.issued import Issued, Key, WindowTiles, of_each_key, tiles_of_blocks
from pgsim.model.search.spent import Paid, Spent, visits
from pgsim.model.work_store import WorkStore

if TYPE_CHECKING:
    from pgsim.kernels.nest_issued import Takes

FIRST_BURSTS = 4  # column of what is moved before the last gated passes may begin
_PARTS = 4  # one of them has the first batches
_FEW = 8  # batches, of which parts would not be told sooner


@dataclass(frozen=True)
class Windows:
    """The masks of a layer in some batches, and what gated passes take at least.

    geometry_paid: what layers of its geometry share; the layer's own by default.
    """

    job: Job
    goal: Goal
    block: Block
    store: WorkStore
    geometry_paid: Paid | None = None
    _known: dict[Key, tuple[float, ...]] = field(default_factory=dict)

    # What does not ask what is issued.

    @lazy
    def ideal_cycles(self) -> float:
        """Cycles of the gated passes at least, whatever the blocks: lanes pack without a gap."""
        flow, array = self.job.flow, self.job.arch.array
        slots = -(-self.spent.entries // array.columns)
        return float(
            sum(flow.issued_cycles(slots, array.rows, rate) for rate in gated_rates(self.job))
        )

    @lazy
    def spent(self) -> Spent:
        """What the gated passes spend, whatever they issue."""
        job, images = self.job, self._scheduled.images
        outputs = job.shape.mask_channels * job.shape.mask_positions * images
        return Spent(self.paid, outputs, self._scheduled.entries)

    @lazy
    def paid(self) -> Paid:
        """What they spend on an entry, a vector and a slot."""
        return Paid(self.job, self.goal) if self.geometry_paid is None else self.geometry_paid

    def fullest_cycles(self, sizes: Counts) -> Floats:
        """Return their cycles at least in blocks of some sizes, as `FullestLanes` has them."""
        return self.fullest.cycles_in_blocks(sizes)

    @lazy
    def fullest(self) -> FullestLanes:
        """What they take if each tile is as long as its fullest lane."""
        return FullestLanes(self._scheduled)

    # What is issued.

    def issued(self, sizes: Counts) -> Issued:
        """Return what their passes take in blocks of some sizes, waits apart.

        sizes: int64 (choices, 5), of blocks, as `LOOPS` has them; all C blocks of a pass are taken
        together.
        """
        rows = of_each_key(self.job, sizes, self._known, self._rows)
        return Issued(*map(np.array, zip(*rows, strict=True)))

    def _rows(self, sizes: Counts) -> list[tuple[float, ...]]:
        """Return what `issued` does, choice by choice; sizes: int64 (choices, 4)."""
        found: list[tuple[float, ...]] = [()] * len(sizes)
        for each in tiles_of_blocks(self.job, sizes, self._scheduled.images):
            rows = zip(*(own.tolist() for own in self.issued_in(each)), strict=True)
            for place, row in zip(each.places.tolist(), rows, strict=True):
                found[place] = row
        return found

    def issued_in(self, windows: WindowTiles) -> Issued:
        """Return what their passes take in windows of several sizes."""
        from pgsim.kernels.nest_issued import SUMS, sums_of_sizes  # Numba: only if it is searched

        job, tiles, prices = self.job, windows.tiles, self.goal.prices
        of_lanes, of_slots = tiles.lanes.repeats(tiles.runs, tiles.groups)
        lanes = np.tile(tiles.lane_group_lanes, of_lanes)
        slots = np.tile(tiles.window_slots, of_slots)
        scheduled = self._scheduled.issued(tiles)
        takes = self._takes(int(slots.max()))
        sums = sums_of_sizes(scheduled, lanes, slots, windows.begins, takes)
        found = dict(zip(SUMS, sums, strict=True))
        energy_pj = self._gating_pj(found["slots"], found["active"], found["scanned"])
        words = found["lane_words"] + found["lane_bits"] / takes.lane_port_bits
        energy_pj += words * prices[f"{job.lane_operand.name}_sram_read_words"]
        sums_pj = found["sum_bits"] * self.paid.sum_bit_pj * (not self.paid.sums_may_stay)
        cycles = found["cycles"].astype(np.float64)
        counts = (found["last_cycles"], found["slots"])
        return Issued(cycles, energy_pj, found["vectors"], sums_pj, *counts)

    def _takes(self, most: int) -> Takes:
        """Return what tiles of at most so many slots take.

        How often lanes' operands that stay are read follows from the order, and is left out.
        """
        from pgsim.kernels.nest_issued import Takes  # Numba: only if nests are searched

        job, array, buffers = self.job, self.job.arch.array, self.job.arch.memory.buffers
        slots, operand = np.arange(most + 1), self.job.lane_operand
        folds = [job.flow.folds(slots, array.rows, rate) * (slots > 0) for rate in job.rates]
        loads = np.array(job.flow.lane_loads(folds, np.ones(1, np.int64), stay=False))
        often = [visits(job, rate) * PARTIAL_SUM_BITS for rate in job.rates]
        return Takes(
            cycles=gated_cycles(job, slots),
            loads=loads * (not job.operands_stay),
            leading=job.leading,
            lane_bits=np.array([operand.bits(each) for each in job.passes]) * job.shape.reduction,
            lane_port_bits=buffers[operand.name].port_bits,
            sum_port_bits=buffers["output"].port_bits,
            entry_bits=sum(often[job.leading :]),
            output_bits=sum(often[: job.leading]) + 1,  # and the mask
        )

    def _gating_pj(self, issued: Counts, active: Counts, scanned: Counts) -> Floats:
        """Return the energy of what steers the layer (M28), by slots issued, active and scanned."""
        job, none = self.job, np.zeros_like(issued)
        every = PassCounts(*[none] * len(PassCounts._fields))._replace(
            outputs=none + self.spent.entries,
            slots_dense=scanned,
            slots_issued=issued,
            active_slots=active,
        )
        folds = [rate.reduction_folds for rate in job.rates]
        counts = gating.counts(job, (every,) * len(folds), none + self.spent.outputs, folds)
        energy_pj: Floats = np.zeros(issued.size)
        for name, count in counts.items():
            energy_pj += count * self.goal.prices[name]
        return energy_pj

    @lazy
    def _scheduled(self) -> ScheduledMasks:
        return ScheduledMasks(self.job, self.block, self.store)

    # Costs.

    def trailing_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of the gated passes' PEs and buffers at least, and of what is retained.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        return self.spent.trailing_pj(in_channels)

    def with_first_bursts(self, least: Floats, bursts: Counts) -> Floats:
        """Return costs of what moves so many bursts before the last gated passes may begin.

        least: as `Choices.least` gives costs. A fifth column, `FIRST_BURSTS`, has these bursts.
        """
        return np.column_stack([self.with_bursts(least, bursts), bursts])

    def with_bursts(self, least: Floats, bursts: Counts) -> Floats:
        """Return costs, as `Choices.least` gives them, of what moves at least so many bursts."""
        costs, prices = least.copy(), self.goal.prices
        more = np.maximum(0, bursts - least[:, 1])
        costs[:, 1] += more
        moved = costs[:, 1] * float(self.job.arch.least_burst_cycles) * ROUNDED
        costs[:, 0] = np.maximum(least[:, 0], moved)
        costs[:, 2] += more * self.goal.least_burst_pj
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * prices["cycles"]
        return costs

    @property
    def steps(self) -> Sequence[Callable[[Floats, Counts], Floats]]:
        """What tells the costs of choices with what is issued, the soonest first."""
        return (self.with_some_issued, self.with_issued)[len(self._parts) == 1 :]

    def with_issued(self, least: Floats, sizes: Counts) -> Floats:
        """Return the costs of choices with what is issued in their blocks; sizes: (choices, 5)."""
        return self._with_parts(least, sizes, len(self._parts))

    def with_some_issued(self, least: Floats, sizes: Counts) -> Floats:
        """Return the same, but of all but the first batches as the fullest lanes have it.

        It is sooner told.
        """
        return self._with_parts(least, sizes, 1)

    def _with_parts(self, least: Floats, sizes: Counts, asked: int) -> Floats:
        """Return the costs of choices with what is issued in the first parts of the batches."""
        inputs = sizes[:, IN_CHANNELS]
        alone = inputs == self.job.shape.in_channels_per_group
        issued = [part.issued(sizes) for part in self._parts[:asked]]
        cycles, last = np.zeros(len(sizes)), np.zeros(len(sizes))
        for own in issued:
            cycles += own.cycles
            last += own.last_cycles
        for part in self._parts[asked:]:
            cycles += part.fullest_cycles(sizes)
        costs = self._with_last(self.with_trailing(least, cycles), sizes, last)
        for own in issued:
            costs[:, 2] += self.issued_pj(own, inputs) + alone * own.sums_pj
        return costs

    def _with_last(self, least: Floats, sizes: Counts, cycles: Floats) -> Floats:
        """Return the costs of choices whose last gated passes wait for all that others fetch.

        least: with bursts as `with_first_bursts` has them. cycles: of the last block's gated
        passes, over all batches. Only what other blocks write may move beside.
        """
        job, memory = self.job, self.job.arch.memory
        if memory.runs_ahead or not order_of(job, (1, 1, 1, 1)).interleaved:
            return least
        bits = sizes[:, :IN_CHANNELS].prod(axis=1) * job.written_bits
        of_burst = float(job.arch.least_burst_cycles)
        written = np.ceil(-(bits // (memory.dram.burst_bytes * -8)) * of_burst)
        alone = np.maximum(0, cycles - written * self.block.batches)
        costs = least.copy()
        costs[:, 0] = np.maximum(least[:, 0], least[:, FIRST_BURSTS] * of_burst * ROUNDED + alone)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * self.goal.prices["cycles"]
        return costs

    @lazy
    def _parts(self) -> tuple[Windows, ...]:
        """The masks of the first batches, and those of all others if there are any."""
        block = self.block
        few = max(_FEW, -(-block.batches // _PARTS))
        if few >= block.batches:
            return (self,)
        first = Block(block.start, block.batch, few, block.calibration)
        rest = Block(first.stop, block.batch, block.batches - few, block.calibration)
        return tuple(
            replace(self, block=each, geometry_paid=self.paid, _known={}) for each in (first, rest)
        )

    def issued_pj(self, issued: Issued, in_channels: Counts) -> Floats:
        """Return the energy of what is issued, sums apart, by the input channels of a block."""
        vectors_pj = issued.vectors * self.paid.vectors_pj(in_channels)
        return issued.energy_pj + vectors_pj + issued.slots * self.paid.slots_pj(in_channels)

    def with_trailing(self, least: Floats, cycles: float | Floats) -> Floats:
        """Return leading passes' costs, as `Choices.least` has them, with gated passes' cycles."""
        costs = least.copy()
        costs[:, 0] = np.maximum(least[:, 0], least[:, 3] + cycles)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * self.goal.prices["cycles"]
        return costs
