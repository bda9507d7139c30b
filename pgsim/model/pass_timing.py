"""One pass of a layer: what it issues, its cycles, and what follows from them in every tile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from pgsim.arch import NOTHING, Array, Counts, Rate
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model.bank_reads import lead_cycles, vector_words
from pgsim.model.issue import Issue
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts
from pgsim.schemes import Operand, Pass


@dataclass(frozen=True)
class PassTiming:
    """One pass of a layer: what it issues, and its cycles in every tile.

    Arrays are int64 and broadcast to the tiles (runs, groups, lane groups, windows). reduction:
    elements of an output's. folds: those executed. fold_cycles: steady cycles of one fold, the last
    one (M17). fold_spacing_cycles: from the begin of one to that of the next (M17).
    port_stall_cycles: M21. alone_cycles: of the pass with its edges, where its folds run alone
    (M16). missed_cycles: steady ones that are not counted (M51). useful_macs: where a mask of input
    pixels leaves out others (M52).
    """

    plan: Pass
    rate: Rate
    reduction: int
    issue: Issue
    folds: Counts
    fold_cycles: Counts
    fold_spacing_cycles: Counts
    port_stall_cycles: Counts
    waits_for_ports: bool
    alone_cycles: Counts = field(default_factory=lambda: NOTHING)
    missed_cycles: Counts = field(default_factory=lambda: NOTHING)
    useful_macs: Counts | None = None

    @lazy
    def executed(self) -> Counts:
        """1 where the pass happens in a tile, 0 where it issues nothing."""
        return np.minimum(self.issue.slots, 1)

    @lazy
    def steady_cycles(self) -> Counts:
        """Cycles in which a step enters the array (M15)."""
        return self.folds * self.fold_cycles - self.missed_cycles

    @property
    def counted_by_fold(self) -> bool:
        """Whether its slots are counted in each fold of the reduction (M52)."""
        return False

    @property
    def slot_folds(self) -> int:
        """Folds of the reduction that a slot, as it is counted, goes through."""
        return 1 if self.counted_by_fold else self.rate.reduction_folds

    @property
    def macs(self) -> Counts:
        """MACs of the outputs, or of the input pixels, that it takes."""
        return self.done_macs if self.useful_macs is None else self.useful_macs

    @lazy
    def done_macs(self) -> Counts:
        """MACs that PEs do, those with what a mask of input pixels leaves out among them."""
        return self.issue.entries * self.reduction

    @property
    def busy_pe_cycles(self) -> Counts:
        """PE cycles on outputs that it computes (M27)."""
        return self.issue.entries * self.rate.output_cycles

    @property
    def terms(self) -> Counts:
        """Terms that PEs add up which go by values, none on others (M58)."""
        return NOTHING

    @property
    def lane_elements(self) -> int | Counts:
        """Elements of each lane's operand that it reads at a load, or streams once (M22)."""
        return self.reduction

    def loaded_elements(self, loads: Counts) -> Counts:
        """Return the elements of each lane's operand that it reads in all its loads (M22)."""
        return loads * self.lane_elements

    def held_cycles(self, array: Array) -> Counts:
        """Return the cycles from its first step to the end of its last; alone, of its edges."""
        if not array.folds_overlap:
            return self.alone_cycles
        between = (self.folds - 1) * self.fold_spacing_cycles
        return self.executed * (between + self.fold_cycles)

    def end_cycles(self) -> Counts:
        """Return the same, without the edge of the last fold."""
        end: Counts = (self.folds - 1) * self.fold_spacing_cycles + self.fold_cycles
        return end

    def visited_sums(self, visits: Counts) -> Counts:
        """Return how many sums come to the output buffer, each so often (M22)."""
        return self.issue.entries * visits

    def mac_bits(self, operand: Operand) -> Counts:
        """Return the bits that its MACs take of an operand (M47)."""
        return self.done_macs * operand.bits(self.plan)

    def read_bits(self, job: Job, index: int) -> Counts:
        """Return the bits of the slots' operand that it reads, in whole words under M43."""
        bits = job.slot_operand.bits(self.plan)
        if not job.arch.memory.all_ports:
            return self.read_elements(job) * bits
        port_bits = job.arch.memory.buffers[job.slot_operand.name].port_bits
        return self.read_words(job, index, bits) * port_bits

    def read_elements(self, job: Job) -> Counts:
        """Return the elements of the slots' operand that it reads (M22)."""
        return job.flow.slot_elements(job.shape, self.issue.vectors, self.rate)

    def read_words(self, job: Job, index: int, bits: int) -> Counts:
        """Return the words that it reads, if it takes so many bits of an element (M43)."""
        return self.issue.vectors * vector_words(job, index, bits)

    def lane_deadlines(self, job: Job) -> Iterable[tuple[int | Counts, Counts]]:
        """Yield elements of each lane, and the cycle by whose end the pass needs them (M43).

        It reads alike in every fold but the first of a tap, so it is most behind at the end of a
        first or a last one.
        """
        array, flow, rate = job.arch.array, job.flow, self.rate
        if not flow.holds_lane_operand:
            for fold in (0, self.folds - 1):
                begin = fold * self.fold_spacing_cycles
                yield (fold + 1) * self.reduction, begin + self.fold_cycles
            return
        beat = flow.beat(job.shape, array.rows, rate)
        tap, alone = self.reduction // beat.taps, lead_cycles(job) > 0
        folds, first = -(-tap // beat.fold_elements), (tap - 1) % beat.fold_elements + 1
        for of_tap in {0, beat.taps - 1}:
            for fold in (0, folds - 1):
                rows = np.where(fold, array.rows, -(-first // rate.macs))
                loaded = rows if alone else np.minimum(rows, self.fold_cycles)
                begin = (of_tap * folds + fold) * self.fold_spacing_cycles
                yield of_tap * tap + first + fold * beat.fold_elements, begin + loaded

    def lanes_late_cycles(self, job: Job) -> Counts:
        """Return by how much the operands of the lanes are late, which may be below 0 (M43)."""
        port_bits = job.arch.memory.buffers[job.lane_operand.name].cycle_bits
        element_bits = job.tiling.tile_lanes * job.lane_operand.bits(self.plan)
        late = [
            -(-elements * element_bits // port_bits) - ready
            for elements, ready in self.lane_deadlines(job)
        ]
        return reduce(np.maximum, late)

    def in_tiles(self, tiling: Tiling | BlockTiles) -> PassCounts:
        """Return what the pass counts in every tile, int64 that broadcast to the tiles."""
        issue = self.issue
        return PassCounts(
            outputs=issue.entries,
            slots_dense=self.all_slots(tiling),
            slots_issued=issue.slots,
            slots_ideal=issue.ideal,
            slots_fullest_lane=issue.fullest_lane,
            active_slots=issue.active_slots,
            steady_cycles=self.steady_cycles,
            busy_pe_cycles=self.busy_pe_cycles,
            macs=self.macs,
            terms=self.terms,
        )

    def all_slots(self, tiling: Tiling | BlockTiles) -> Counts:
        """Return the slots of every tile, active or not (M26)."""
        return tiling.tile_slots
