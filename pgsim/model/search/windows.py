"""What a mask leaves of gated passes at least, whatever the order of a nest's loops (M41)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pgsim.arch import LOOPS, PARTIAL_SUM_BITS, Counts, Rate
from pgsim.lazy import lazy
from pgsim.mapping import Nest, block_tiles, loop_sizes
from pgsim.mapping.nest import CHANNELS, IN_CHANNELS
from pgsim.model import gating
from pgsim.model.bank_reads import fold_words
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.search.goal import ROUNDED, Floats, Goal
from pgsim.schemes import ACTIVATIONS, Pass


@dataclass(frozen=True)
class Issued:
    """What gated passes take at least, but for their slots' operands: cycles and energy."""

    cycles: float
    energy_pj: float
    vectors: int


@dataclass(frozen=True)
class Windows:
    """The masks of a layer in some batches, and what gated passes take at least."""

    job: Job
    goal: Goal
    block: Block
    store: WorkStore
    _known: dict[tuple[int, ...], Issued] = field(default_factory=dict)
    _vectors_pj: dict[int, float] = field(default_factory=dict)

    @lazy
    def ideal_cycles(self) -> float:
        """Cycles of the gated passes at least, whatever the blocks: lanes pack without a gap."""
        flow, array = self.job.flow, self.job.arch.array
        slots = -(-self._all_entries // array.columns)
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

    @lazy
    def _entries(self) -> Counts:
        from pgsim.kernels.nest_windows import entries_before  # Numba: only if nests are searched

        mask = self.job.layer.mask_words(self.block.start, self.block.stop)
        before: Counts = entries_before(mask, *self.job.shape.run_out_size)
        return before

    def _of_tiles(self, sizes: list[int]) -> float:
        """Return the same for blocks of one size, from what is known of their tiles."""
        n, p, q, k = sizes
        _, entries, fullest = self._work((n, p, q, k)).activity
        slots = -(-entries // self.job.arch.array.columns)
        if not self.job.arch.scheduler.splits_lanes:
            slots = np.maximum(slots, fullest)
        return float(self._steady(slots).sum())

    def issued(self, sizes: Sequence[int]) -> Issued:
        """Return what their passes take in blocks of a size, edges and waits apart.

        sizes: of a block, as `LOOPS` has them; all C blocks of a pass are taken together.
        """
        n, p, q, k, _ = sizes
        if (n, p, q, k) not in self._known:
            self._known[n, p, q, k] = self.issued_in(self._work((n, p, q, k)))
        return self._known[n, p, q, k]

    def issued_in(self, work: MaskWork) -> Issued:
        """Return what their passes take in some tiles."""
        job, array, prices = self.job, self.job.arch.array, self.goal.prices
        by_tile = work.tiling.by_tile
        issued = work.issued(np.empty((0, 3), np.int64))
        slots, vectors = by_tile(issued.slots), int(by_tile(issued.vectors).sum())
        one, lanes = np.ones((1, 1, 1, 1), np.int64), work.tiling.tile_lanes
        folds = [job.flow.folds(slots, array.rows, rate) for rate in self._rates]
        loads = job.flow.lane_loads(folds, one, stay=job.operands_stay)
        operand = job.lane_operand
        energy_pj = self._gating_pj(int(slots.sum()), int(by_tile(work.activity[0]).sum()))
        word_pj = prices[f"{operand.name}_sram_read_words"]
        port_bits = job.arch.memory.buffers[operand.name].port_bits
        for plan, loaded in zip(self._gated, () if job.operands_stay else loads, strict=False):
            # Where operands stay, how often they are read follows from the order.
            elements = int((loaded * lanes * (slots > 0)).sum()) * job.shape.reduction
            energy_pj += elements * operand.bits(plan) / port_bits * word_pj
        return Issued(float(self._steady(slots).sum()), energy_pj, vectors)

    def _vector_pj(self, in_channels: int) -> float:
        """Return the energy of reading a slot's operands in the gated passes, by C blocks."""
        job, operand = self.job, self.job.slot_operand
        word_pj = self.goal.prices[f"{operand.name}_sram_read_words"]
        gated = [index for index, plan in enumerate(job.passes) if plan.gated]
        widths = [operand.bits(job.passes[index]) for index in gated]
        if job.arch.memory.all_ports:
            words = sum(
                int(fold_words(job.of_channels(each), index, bits).sum()) * often
                for each, often in self._chunks(in_channels)
                for index, bits in zip(gated, widths, strict=True)
            )
            return words * word_pj
        bits = sum(
            int(job.flow.slot_elements(job.shape, np.ones(1, np.int64), job.rates[index])[0]) * own
            for index, own in zip(gated, widths, strict=True)
        )
        return bits / job.arch.memory.buffers[operand.name].port_bits * word_pj

    def _chunks(self, in_channels: int) -> list[tuple[int, int]]:
        """Return the sizes of blocks of input channels, and how often each comes."""
        times, rest = divmod(self.job.shape.in_channels_per_group, in_channels)
        return [(in_channels, times)] + [(rest, 1)] * (rest > 0)

    def _gating_pj(self, issued: int, active: int) -> float:
        """Return the energy of what steers the layer (M28), by slots issued and active."""
        job = self.job
        none = np.zeros(1, np.int64)
        every = PassCounts(*[none] * len(PassCounts._fields))._replace(
            outputs=none + self._all_entries, slots_issued=none + issued, active_slots=none + active
        )
        folds = [rate.reduction_folds for rate in job.rates]
        counts = gating.counts(job, (every,) * len(folds), none + self._outputs, folds)
        return sum(float(count[0]) * self.goal.prices[name] for name, count in counts.items())

    def _work(self, sizes: tuple[int, int, int, int]) -> MaskWork:
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

    @lazy
    def _gated(self) -> list[Pass]:
        return [plan for plan in self.job.passes if plan.gated]

    @lazy
    def _rates(self) -> list[Rate]:
        """How the array takes the gated passes."""
        return [
            rate for plan, rate in zip(self.job.passes, self.job.rates, strict=True) if plan.gated
        ]

    def trailing_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of the gated passes' PEs and buffers at least, and of what is retained.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        alike, places = np.unique(in_channels, return_inverse=True)
        spent = np.array([self._trailing_pj(each) for each in alike.tolist()])
        if self.job.output_stays:
            port_bits = self.job.arch.memory.activation_sram.port_bits
            words = self._outputs * self.job.output_bits / port_bits
            spent += words * self.goal.prices["activation_sram_write_words"]
        found: Floats = spent[places.reshape(-1)]
        return found

    def _trailing_pj(self, in_channels: int) -> float:
        chunks = self._chunks(in_channels)
        alone = in_channels == self.job.shape.in_channels_per_group
        if self.job.arch.scheduler.keeps_slots_apart and alone:
            return self._chunk_pj(in_channels, 0)  # sums may wait in the array
        word_pj = sum(self.goal.prices[f"output_sram_{way}_words"] for way in ("read", "write"))
        bit_pj = word_pj / self.job.arch.memory.output_sram.port_bits
        energy_pj = sum(self._chunk_pj(each, bit_pj) * often for each, often in chunks)
        bits = 1  # of the mask, and, where the bound of the leading passes takes sums for finished:
        if alone and self.job.leading == self._visits(self.job.rates[0]) == 1:
            bits += max(0, PARTIAL_SUM_BITS - self.job.output_bits)
        return energy_pj + self._outputs * bits * bit_pj

    def _chunk_pj(self, in_channels: int, bit_pj: float) -> float:
        """Return the same of one block of input channels; bit_pj: of a sum, in and out."""
        job = self.job.of_channels(in_channels)
        busy_pj = self.goal.prices["lsb_busy_pe_cycles"]
        return self._all_entries * sum(
            rate.output_cycles * busy_pj + self._visits(rate) * PARTIAL_SUM_BITS * bit_pj
            for plan, rate in zip(job.passes, job.rates, strict=True)
            if plan.gated
        )

    def _visits(self, rate: Rate) -> int:
        return int(self.job.flow.sum_visits(rate, np.ones((1, 1), np.int64)).item())

    @lazy
    def _outputs(self) -> int:
        shape, images = self.job.shape, self.block.stop - self.block.start
        return shape.mask_channels * shape.mask_positions * images

    @lazy
    def _all_entries(self) -> int:
        return int(MaskWork(self.job, self.block, self.store).activity[1].sum())

    def with_bursts(self, least: Floats, bursts: Counts) -> Floats:
        """Return costs, as `choices_of` gives them, of what moves at least so many bursts."""
        costs, prices = least.copy(), self.goal.prices
        more = np.maximum(0, bursts - least[:, 1])
        costs[:, 1] += more
        moved = costs[:, 1] * float(self.job.arch.dram_cycles.burst) * ROUNDED
        costs[:, 0] = np.maximum(least[:, 0], moved)
        costs[:, 2] += more * self.goal.least_burst_pj
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * prices["cycles"]
        return costs

    def with_issued(self, least: Floats, sizes: Sequence[int]) -> Floats:
        """Return the costs of one choice, float64 (1, 4), with what is issued in its blocks."""
        costs = self.with_trailing(least, self.issued(sizes).cycles)
        costs[:, 2] += self.issued_pj(self.issued(sizes), sizes[IN_CHANNELS])
        return costs

    def issued_pj(self, issued: Issued, in_channels: int) -> float:
        """Return the energy of what is issued, by the input channels of a block."""
        if in_channels not in self._vectors_pj:
            self._vectors_pj[in_channels] = self._vector_pj(in_channels)
        return issued.energy_pj + issued.vectors * self._vectors_pj[in_channels]

    def with_trailing(self, least: Floats, cycles: float | Floats) -> Floats:
        """Return costs of leading passes, as `choices_of` gives them, with gated passes' cycles."""
        costs = least.copy()
        costs[:, 0] = np.maximum(least[:, 0], least[:, 3] + cycles)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * self.goal.prices["cycles"]
        return costs
