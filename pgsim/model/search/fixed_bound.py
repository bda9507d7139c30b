"""What the fixed order costs at least in windows of some sizes (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    BUSY_FIRST,
    BUSY_FIRST_PJ,
    BUSY_LATER,
    BUSY_LATER_PJ,
    CYCLE_PJ,
    CYCLES,
    FINISHED,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    READ_PJ,
    SLOT_PJ,
    SLOT_WORDS,
    STALLS,
    VISITS,
    WRITE_PJ,
)
from pgsim.lazy import lazy
from pgsim.model.blocks import Block
from pgsim.model.fetches import FETCHES, bursts, row_fetches
from pgsim.model.holding import fetched_once
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.search.goal import ROUNDED, Floats, Goal
from pgsim.model.search.problem import machine_of
from pgsim.model.search.tables import tables_of
from pgsim.model.search.windows import Windows
from pgsim.schemes import ACTIVATIONS, WEIGHTS, Operand

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Machine, Tables


@dataclass(frozen=True)
class FixedBound:
    """A layer in the fixed order, by the slots of its windows: what all batches cost at least.

    windows: int64 (windows,). Where a mask steers, gated passes take at least their entries packed
    without a gap.
    """

    job: Job
    goal: Goal
    windows: Counts
    block: Block
    store: WorkStore

    @lazy
    def values(self) -> Floats:
        """What is to be least, float64 (windows,)."""
        costs = np.stack([self._cycles, self._bursts, self._energy_pj], axis=1)
        return self.goal.values(costs) * ROUNDED

    @property
    def stages(self) -> tuple[Callable[[int], Cost], ...]:
        """What windows cost at least, by place: what is soon told comes first."""
        return self.cost, self.packed_cost, self.issued_cost

    def cost(self, place: int, cycles: float = 0, more_pj: float = 0) -> Cost:
        """Return what one window costs at least.

        cycles: that it takes at least. more_pj: energy that `values` does not know of.
        """
        from pgsim.kernels.nest_problem import Cost  # Numba: only if nests are searched

        known = float(self._cycles[place])
        cycles, bursts = max(cycles, known), int(self._bursts[place])
        energy_pj = float(self._energy_pj[place]) + (cycles - known) * self._pj[CYCLE_PJ]
        energy_pj += more_pj
        value = float(self.goal.values(np.array([[cycles, bursts, energy_pj]]))[0])
        return Cost(value * ROUNDED, bursts, int(cycles * ROUNDED), energy_pj * ROUNDED, 0)

    def packed_cost(self, place: int) -> Cost:
        """Return the same with gated passes that take as long as their fullest lanes."""
        job = self.job
        if not job.gated:
            return self.cost(place)
        _, entries, fullest = self._work(place).activity
        slots, rows = -(-entries // job.arch.array.columns), job.arch.array.rows
        if not job.arch.scheduler.splits_lanes:
            slots = np.maximum(slots, fullest)
        gated = sum(
            float((job.flow.folds(slots, rows, rate) * job.flow.fold_cycles(slots, rate)).sum())
            for rate in job.rates[job.leading :]
        )
        return self.cost(place, float(self._array[place]) * self.block.batches + gated)

    def issued_cost(self, place: int) -> Cost:
        """Return the same with what is issued in gated passes."""
        if not self.job.gated:
            return self.cost(place)
        issued = self._masks.issued_in(self._work(place))
        spent_pj = self._masks.issued_pj(issued, self.job.shape.in_channels_per_group)
        return self.cost(
            place,
            float(self._array[place]) * self.block.batches + issued.cycles,
            self._trailing_pj - self._gated_pes_pj + spent_pj,
        )

    # What the masks leave of the gated passes.

    @lazy
    def _masks(self) -> Windows:
        return Windows(self.job, self.goal, self.block, self.store)

    def _work(self, place: int) -> MaskWork:
        own = replace(self.job, window=int(self.windows[place]))
        return MaskWork(own, self.block, self.store)

    @lazy
    def _trailing_pj(self) -> float:
        """The energy of the gated passes' PEs and sums at least, whatever the window."""
        whole = np.array([self.job.shape.in_channels_per_group])
        return float(self._masks.trailing_pj(whole).item())

    # How windows are cut.

    @lazy
    def _sizes(self) -> tuple[tuple[Counts, Counts], tuple[Counts, Counts]]:
        """The slots of whole windows and of a smaller last one, and how often each comes."""
        times, rest = np.divmod(self.job.cuts[1].total, self.windows)
        return (self.windows, times), (np.maximum(rest, 1), (rest > 0).astype(np.int64))

    @lazy
    def _slots(self) -> Counts:
        """The slots that windows have, each once, ascending."""
        return np.unique(np.concatenate([each for each, _ in self._sizes]))

    @lazy
    def _last(self) -> Counts:
        """The slots of the last window."""
        (whole, _), (rest, often) = self._sizes
        return np.where(often > 0, rest, whole)

    @lazy
    def _tables(self) -> Tables:
        """What tiles of so many slots take in the leading passes."""
        leading = replace(self.job, passes=self.job.passes[: self.job.leading])
        channels = np.array([self.job.shape.in_channels_per_group])
        return tables_of(leading, channels, self._slots, self.store)

    def _over_windows(self, counts: Counts) -> Counts:
        """Return what all windows have together; counts: of `Tables`, (slots,)."""
        places = self._tables.places[1]
        return sum(
            (counts[places[slots]] * times for slots, times in self._sizes),
            np.zeros(self.windows.size, counts.dtype),
        )

    # The array.

    @lazy
    def _array(self) -> Counts:
        """Cycles of a batch's leading passes, and of transfers that nothing hides."""
        job, array = self.job, self.job.arch.array
        tiles = self._tables.tiles[:, :, 0]
        work = self._over_windows((tiles[CYCLES] + tiles[STALLS]).sum(axis=0))
        cycles = work * job.cuts[0].pieces * self._runs_and_groups
        cycles += array.skew_cycles if array.folds_overlap else 0
        if not job.arch.memory.double_buffered:
            return cycles + self._moves(self._batch_bursts)
        runs = self._machine.runs
        opening = self._opening if runs == 1 else np.zeros_like(cycles)  # later ones may need less
        written = bursts(job, self._last * (int(self._lanes[-1]) * job.written_bits))
        return cycles + self._moves(opening) + self._moves(written) * runs

    @lazy
    def _cycles(self) -> Floats:
        job, batches = self.job, self.block.batches
        cycles = (self._array * batches).astype(np.float64)
        if job.gated:
            flow, array = job.flow, job.arch.array
            slots = -(-self._entries // array.columns)
            gated = job.rates[job.leading :]
            cycles += float(sum(flow.issued_cycles(slots, array.rows, each) for each in gated))
        return np.maximum(cycles, self._moves(self._batch_bursts) * batches)

    @lazy
    def _entries(self) -> int:
        """Outputs of the gated passes."""
        return int(MaskWork(self.job, self.block, self.store).activity[1].sum())

    # DRAM.

    @lazy
    def _machine(self) -> Machine:
        return machine_of(self.job)

    @lazy
    def _runs_and_groups(self) -> int:
        return self._machine.runs * self._machine.groups

    @lazy
    def _lanes(self) -> Counts:
        return self.job.cuts[0].sizes

    def _moves(self, counts: Counts) -> Counts:
        machine = self._machine
        return counts * machine.burst_numerator // machine.burst_denominator

    @lazy
    def _of_lanes(self) -> Counts:
        """Bursts of each lane group's operands in the first pass of a tile, (lane groups,)."""
        job, operand = self.job, self.job.lane_operand
        elements = FETCHES[operand.name].group_elements(job)
        if operand is ACTIVATIONS and job.inputs_stay:
            elements = 0
        bits = elements * self._opening_bits(operand)
        return bursts(job, bits * self._lanes // int(self._lanes.sum()))

    def _of_slots(self, slots: Counts) -> Counts:
        """Return the bursts of the operands of so many slots in the first pass of a tile."""
        job, operand = self.job, self.job.slot_operand
        elements = FETCHES[operand.name].group_elements(job)
        if operand is not ACTIVATIONS:
            return bursts(job, elements * self._opening_bits(operand) * slots // self._all_slots)
        if job.inputs_stay:
            return np.zeros_like(slots)
        share = elements * job.activation_bits * slots // self._all_slots
        return bursts(job, share) * row_fetches(job)

    def _opening_bits(self, operand: Operand) -> int:
        """Return the bits of an element that the first pass of a tile fetches."""
        if operand is WEIGHTS and self.job.weights_stay:
            return self.job.fetched_weight_bits
        return operand.bits(self.job.passes[0])

    @property
    def _all_slots(self) -> int:
        return self.job.cuts[1].total

    @property
    def _opening(self) -> Counts:
        """Bursts of the first tile."""
        return self._of_slots(self.windows) + int(self._of_lanes[0])

    @lazy
    def _moved(self) -> dict[str, Counts]:
        """Bursts of a batch, by what moves."""
        job, machine = self.job, self._machine
        (whole, times), (rest, often) = self._sizes
        once = fetched_once(replace(job, window=None))
        of_lanes = np.where(once, 1, (times + often)[:, None]) @ self._of_lanes
        resident = FETCHES[job.slot_operand.name].slots_resident(job)
        of_slots = self._of_slots(whole) * times + self._of_slots(rest) * often
        of_slots *= 1 if resident else job.cuts[0].pieces
        read = {job.lane_operand.name: of_lanes, job.slot_operand.name: of_slots}
        outputs = np.multiply.outer(self._lanes * job.written_bits, np.stack([whole, rest]))
        written = (bursts(job, outputs).sum(axis=0) * np.stack([times, often])).sum(axis=0)
        runs = {"weight": 1 if machine.weights_stay else machine.runs}
        found = {**read, "write": written}
        return {
            name: each * machine.groups * runs.get(name, machine.runs)
            for name, each in found.items()
        }

    @lazy
    def _batch_bursts(self) -> Counts:
        return sum(self._moved.values(), np.zeros_like(self.windows))

    @lazy
    def _bursts(self) -> Counts:
        return self._batch_bursts * self.block.batches

    # Energy.

    @lazy
    def _pj(self) -> Floats:
        return self.goal.prices_of(self.job).pj

    @lazy
    def _energy_pj(self) -> Floats:
        pj = self._pj
        batch = self._buffers_pj * self._runs_and_groups
        for name, each in self._moved.items():
            way = ("activation", "weight", "sum", "write").index(name)
            batch += each * pj[BURST_PJ + way]
        energy_pj: Floats = batch * self.block.batches + self._cycles * pj[CYCLE_PJ]
        return energy_pj + self._gated_pes_pj

    @lazy
    def _gated_pes_pj(self) -> float:
        """The energy of the gated passes' PEs."""
        if not self.job.gated:
            return 0.0
        busy = sum(each.output_cycles for each in self.job.rates[self.job.leading :])
        return float(busy * self._entries * self._pj[BUSY_LATER_PJ])

    @property
    def _buffers_pj(self) -> Floats:
        """What PEs and buffers spend on the leading passes of a run and group."""
        job, pj, machine, tables = self.job, self._pj, self._machine, self._tables
        lanes, chunk = int(self._lanes.sum()), tables.chunks[0]
        busy = chunk[BUSY_FIRST] * pj[BUSY_FIRST_PJ] + chunk[BUSY_LATER] * pj[BUSY_LATER_PJ]
        words = self._over_windows(tables.slots[SLOT_WORDS, 0]) * job.cuts[0].pieces
        spent: Floats = words * pj[SLOT_PJ] + lanes * self._all_slots * busy
        if not job.operands_stay:
            loads = tables.tiles[LOADS, :, 0]
            bits = (loads * chunk[LANE_BITS : LANE_BITS + len(loads), None]).sum(axis=0)
            spent += self._over_windows(bits) * (lanes * pj[LANE_PJ] / machine.lane_port_bits)
        of_slot = np.where(tables.slots[FINISHED, 0], job.output_bits, self._waiting_bits)
        bits = self._over_windows(of_slot * self._slots)
        spent += bits * (lanes * (pj[READ_PJ] + pj[WRITE_PJ]) / machine.output_port_bits)
        return spent

    @property
    def _waiting_bits(self) -> int:
        """Bits that a sum takes in all its visits."""
        return int(self._tables.chunks[0, VISITS]) * PARTIAL_SUM_BITS
