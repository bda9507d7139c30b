"""What the leading passes take in the fixed order, in windows of some sizes (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.kernels.nest_bursts import dram_cycles
from pgsim.kernels.nest_places import INPUTS, SLOTS, places_of
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    BUSY_PJ,
    CYCLES,
    ENDS,
    FINISHED,
    FOLDS,
    KEPT_PJ,
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
from pgsim.kernels.nest_takes import waits_alone
from pgsim.lazy import lazy
from pgsim.model.events import order_of
from pgsim.model.fetches import FETCHES, Bools, bursts
from pgsim.model.holding import fetched_once
from pgsim.model.job import Job
from pgsim.model.search.goal import Floats
from pgsim.model.search.smaller_windows import sizes_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Machine, Problem, Tables


@dataclass(frozen=True)
class FixedFrame:
    """A layer in the fixed order, by the slots of its windows: what a batch takes at least.

    It knows no masks: what gated passes take is left out. windows: int64 (windows,), ascending.
    problem: the layer as kernels take it, whose tables know the slots of these windows.
    """

    job: Job
    windows: Counts
    problem: Problem

    # How windows are cut.

    @lazy
    def _sizes(self) -> tuple[tuple[Counts, Counts], tuple[Counts, Counts]]:
        """The slots of whole windows and of a smaller last one, and how often each comes."""
        return sizes_of(self.job, self.windows)

    @lazy
    def _last(self) -> Counts:
        """The slots of the last window."""
        (whole, _), (rest, often) = self._sizes
        return np.where(often > 0, rest, whole)

    @property
    def _tables(self) -> Tables:
        """What tiles of so many slots take in the leading passes."""
        return self.problem.tables

    @property
    def _slots(self) -> Counts:
        """The slots that the tables have."""
        return self._tables.sizes[SLOTS, : self._tables.slots.shape[2]]

    @lazy
    def _whole(self) -> int:
        """Where the tables have all input channels."""
        channels = np.array([self.job.shape.in_channels_per_group])
        return int(places_of(self._tables, INPUTS, channels).item())

    def _over_windows(self, counts: Counts) -> Counts:
        """Return what all windows have together; counts: of `Tables`, (slots,)."""
        tables = self._tables
        return sum(
            (counts[places_of(tables, SLOTS, slots)] * times for slots, times in self._sizes),
            np.zeros(self.windows.size, counts.dtype),
        )

    # The array.

    @lazy
    def array_cycles(self) -> Counts:
        """Cycles of a batch's leading passes, and of transfers that nothing hides."""
        job, array = self.job, self.job.arch.array
        tiles = self._tables.tiles[:, :, self._whole]
        work = self._over_windows((tiles[CYCLES] + tiles[STALLS]).sum(axis=0))
        steady = work * job.cuts[0].pieces * self._runs_and_groups + self._bus_waits(work)
        cycles: Counts = np.maximum(steady, self._behind_ports)
        cycles += array.skew_cycles if array.folds_overlap else 0
        if not job.arch.memory.double_buffered:
            return cycles + self.moves(self.batch_bursts)
        runs = self._machine.runs
        opening = self._opening if runs == 1 else np.zeros_like(cycles)  # later ones may need less
        written = bursts(job, self._last * (int(self._lanes[-1]) * job.written_bits))
        return cycles + self.moves(opening) + self.moves(written) * runs

    @lazy
    def turn_cycles(self) -> Counts:
        """Cycles of a batch if tiles wait for what moves beside the ones before, and for no more.

        They are not known of several runs, of which later ones may need less, nor of gated passes.
        """
        from pgsim.kernels.fixed_turns import LaneGroups, Run, Windows, cycles_of_turns

        job, machine, array = self.job, self._machine, self.job.arch.array
        if job.gated or machine.runs > 1 or not job.arch.memory.double_buffered:
            return np.zeros_like(self.windows)
        tiles = self._tables.tiles[:, :, self._whole]
        work = (tiles[CYCLES] + tiles[STALLS]).sum(axis=0)
        slots, often = (np.stack(each) for each in zip(*self._sizes, strict=True))
        outputs = slots[:, None] * self._lanes[:, None]
        lanes = LaneGroups(
            self._of_lanes,
            np.broadcast_to(self._once, self._lanes.shape).copy(),
            bursts(job, outputs * job.written_bits),
            FETCHES[job.slot_operand.name].slots_resident(job),
        )
        skew_cycles = array.skew_cycles if array.folds_overlap else 0
        speed = (machine.burst_numerator, machine.burst_denominator)
        windows = Windows(often, work[places_of(self._tables, SLOTS, slots)], self._of_slots(slots))
        found: Counts = cycles_of_turns(windows, lanes, Run(machine.groups, skew_cycles, *speed))
        return found

    @property
    def _behind_ports(self) -> Counts:
        """Cycles of a batch's leading passes where the output buffer's ports are behind (M43)."""
        tables, machine = self._tables, self._machine
        if not tables.waits.shape[0]:
            return np.zeros_like(self.windows)
        ahead = tables.tiles[CYCLES, :, self._whole] - tables.waits[ENDS, :, self._whole]
        of_groups = self._over_windows(ahead.sum(axis=0)) * self.job.cuts[0].pieces
        moved = 2 * self._output_bits  # written, and read
        if self.job.decides:  # the first visit reads no sums, and what leaves is for later passes
            is_finished = tables.slots[FINISHED, self._whole] > 0
            moved = np.where(is_finished, 0, moved - PARTIAL_SUM_BITS * self._slots)
        bits = self._over_windows(moved) * int(self._lanes.sum())
        found: Counts = of_groups - (-bits // machine.output_cycle_bits)
        return found * self._runs_and_groups

    def _bus_waits(self, work: Counts) -> Counts:
        """Return for how long the leading passes of a batch wait for their operands' bus (M18).

        Nothing waits before the first, or behind the last. work: of a lane group, int64 (windows,).
        """
        job, tiles = self.job, self._tables.tiles[:, :, self._whole]
        segments = job.cuts[0].pieces * self._runs_and_groups
        order = order_of(job, (1, 1, 1, 1))
        if not job.operands_stay:
            waits = waits_alone(tiles, order).sum(axis=0)
            ends = (
                waits[places_of(self._tables, SLOTS, each)] for each in (self.windows, self._last)
            )
            found: Counts = self._over_windows(waits) * segments - np.maximum(*ends)
            return found
        if job.gated:  # gated passes may fill the wait: they load nothing
            return np.zeros_like(work)
        first = places_of(self._tables, SLOTS, self.windows)
        free = (tiles[CYCLES, 0] + order.bus_cycles - tiles[FOLDS, 0])[first]
        if order.ports_ahead:  # both waits go on at once (M43)
            free = free - tiles[STALLS].max(initial=0)
        found = np.maximum(0, free - work) * (segments - 1)
        return found

    # DRAM.

    @property
    def _machine(self) -> Machine:
        return self.problem.machine

    @lazy
    def _runs_and_groups(self) -> int:
        return self._machine.runs * self._machine.groups

    @lazy
    def _lanes(self) -> Counts:
        return self.job.cuts[0].sizes

    def moves(self, counts: Counts) -> Counts:
        """Return the cycles that bursts take, rounded up: each transfer is, and so are all."""
        return dram_cycles(self._machine, counts)

    @lazy
    def _of_lanes(self) -> Counts:
        """Bursts of each lane group's operands in the first pass of a tile, (lane groups,)."""
        job = self.job
        fetch = FETCHES[job.lane_operand.name]
        elements = fetch.group_elements(job) if fetch.comes(job) else 0
        bits = elements * fetch.lane_opening_bits(job)
        return bursts(job, bits * self._lanes // int(self._lanes.sum()))

    def _of_slots(self, slots: Counts) -> Counts:
        """Return the bursts of the operands of so many slots in the first pass of a tile."""
        job = self.job
        fetch = FETCHES[job.slot_operand.name]
        elements = fetch.group_elements(job) if fetch.comes(job) else 0
        share = elements * fetch.slot_opening_bits(job) * slots // self._all_slots
        return bursts(job, share) * fetch.row_fetches(job)

    @property
    def _all_slots(self) -> int:
        return self.job.cuts[1].total

    @property
    def _opening(self) -> Counts:
        """Bursts of the first tile."""
        return self._of_slots(self.windows) + int(self._of_lanes[0])

    @lazy
    def moved(self) -> dict[str, Counts]:
        """Bursts of a batch, by what moves."""
        job, machine = self.job, self._machine
        (whole, times), (rest, often) = self._sizes
        once = self._once
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

    @property
    def visits_once(self) -> bool:
        """Whether no window takes its reduction in pieces, between which sums wait (M22)."""
        return bool(self._once.all())

    @lazy
    def _once(self) -> Bools:
        """Whether the operands of each lane group are fetched once."""
        return fetched_once(self.job.by())

    @lazy
    def batch_bursts(self) -> Counts:
        return sum(self.moved.values(), np.zeros_like(self.windows))

    # Energy.

    @property
    def pj(self) -> Floats:
        """The prices, as kernels take them."""
        return self.problem.prices.pj

    @lazy
    def energy_pj(self) -> Floats:
        """The energy of a batch but for its cycles, float64 (windows,)."""
        energy_pj: Floats = self._buffers_pj * self._runs_and_groups + self.pj[BUSY_PJ]
        for name, each in self.moved.items():
            way = ("activation", "weight", "sum", "write").index(name)
            energy_pj = energy_pj + each * self.pj[BURST_PJ + way]
        return energy_pj

    @property
    def _buffers_pj(self) -> Floats:
        """What buffers spend on the leading passes of a run and group."""
        job, pj, machine, tables = self.job, self.pj, self._machine, self._tables
        lanes, chunk = int(self._lanes.sum()), tables.chunks[self._whole]
        words = self._over_windows(tables.slots[SLOT_WORDS, self._whole]) * job.cuts[0].pieces
        spent: Floats = words * pj[SLOT_PJ]
        if machine.kept_port_bits and not job.gated:  # else `Spent` has it
            outputs = lanes * self._all_slots
            spent += outputs * job.output_bits / machine.kept_port_bits * pj[KEPT_PJ]
        if not job.operands_stay:
            loads = tables.tiles[LOADS, :, self._whole]
            bits = (loads * chunk[LANE_BITS : LANE_BITS + len(loads), None]).sum(axis=0)
            spent += self._over_windows(bits) * (lanes * pj[LANE_PJ] / machine.lane_port_bits)
        bits = self._over_windows(self._output_bits)
        spent += bits * (lanes * (pj[READ_PJ] + pj[WRITE_PJ]) / machine.output_port_bits)
        return spent

    @property
    def _output_bits(self) -> Counts:
        """Bits of outputs that a lane of so many slots writes, or of sums in all their visits."""
        waiting_bits = int(self._tables.chunks[self._whole, VISITS]) * PARTIAL_SUM_BITS
        finished = self._tables.slots[FINISHED, self._whole]
        of_slot: Counts = np.where(finished, self.job.output_bits, waiting_bits)
        return of_slot * self._slots
