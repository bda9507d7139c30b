"""How long each pass holds the array: steady cycles, the spacing of its folds, port stalls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pgsim.arch import NOTHING, Counts, Rate
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model.bank_reads import bank_reads
from pgsim.model.issue import (
    Issue,
    dense_issue,
    dense_issue_from_banks,
    gated_issue,
    gated_issue_from_banks,
)
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, PassCounts, shown
from pgsim.model.mask_work import MaskWork
from pgsim.model.ports import EvenReads, SlotReads, port_stall_cycles, slot_reads
from pgsim.schemes import Pass

WORK = (shown("outputs", "outputs", "output elements of all images"),)
TIMES = (
    shown("msb_cycles", "cycles", "steady cycles of the first pass"),
    shown("lsb_cycles", "cycles", "steady cycles of all later passes"),
)
SLOTS = (
    shown("lsb_slots_dense", "slots", "slots of the later passes, active or not"),
    shown("lsb_slots_issued", "slots", "slots that the later passes issue"),
    shown("lsb_slots_ideal", "slots", "slots if entries packed without a gap"),
    shown("lsb_slots_fullest_lane", "slots", "entries of the fullest lane of each tile"),
)
PES = (
    shown(
        "msb_busy_pe_cycles",
        "PE cycles",
        "PE cycles spent on outputs in the first pass",
        priced=True,
    ),
    shown(
        "lsb_busy_pe_cycles", "PE cycles", "PE cycles spent on outputs in later passes", priced=True
    ),
)


@dataclass(frozen=True)
class PassTiming:
    """One pass of a layer: what it issues, and its cycles in every tile.

    Arrays are int64 and broadcast to the tiles (runs, groups, lane groups, windows). folds: those
    executed. steady_cycles: M15. fold_cycles: steady cycles of one fold (M17).
    fold_spacing_cycles: from the begin of one to that of the next (M17). port_stall_cycles: M21.
    lanes_late_cycles: by how much the operands of the lanes are late, where that is known (M43,
    M58).
    """

    plan: Pass
    rate: Rate
    issue: Issue
    folds: Counts
    fold_cycles: Counts
    fold_spacing_cycles: Counts
    port_stall_cycles: Counts
    waits_for_ports: bool
    lanes_late_cycles: Counts | None

    @lazy
    def executed(self) -> Counts:
        """1 where the pass happens in a tile, 0 where it issues nothing."""
        return np.minimum(self.issue.slots, 1)

    @lazy
    def steady_cycles(self) -> Counts:
        """Cycles in which a step enters the array (M15)."""
        return self.folds * self.fold_cycles

    @property
    def busy_pe_cycles(self) -> Counts:
        """PE cycles spent on the outputs that the pass computes (M27)."""
        return self.issue.entries * self.rate.output_cycles

    @property
    def terms(self) -> Counts:
        """Terms that PEs add up which go by values, none on others (M58)."""
        return NOTHING

    def lane_elements(self, loads: Counts, reduction: int) -> Counts:
        """Return the elements of each lane's operand that are read in all loads (M22)."""
        return loads * reduction

    def span_cycles(self, *, overlap: bool) -> Counts:
        """Return the cycles from the first step to the end of the last; alone, of all edges."""
        if not overlap:
            return self.folds * self.fold_spacing_cycles
        between = (self.folds - 1) * self.fold_spacing_cycles
        return self.executed * (between + self.fold_cycles)

    @property
    def end_cycles(self) -> Counts:
        """Cycles from the first step to the end of the last, of a pass that happens."""
        return (self.folds - 1) * self.fold_spacing_cycles + self.fold_cycles

    def in_tiles(self, tiling: Tiling | BlockTiles) -> PassCounts:
        """Return what the pass counts in every tile, int64 that broadcast to the tiles."""
        issue = self.issue
        return PassCounts(
            outputs=issue.entries,
            slots_dense=tiling.tile_slots,
            slots_issued=issue.slots,
            slots_ideal=issue.ideal,
            slots_fullest_lane=issue.fullest_lane,
            active_slots=issue.active_slots,
            steady_cycles=self.steady_cycles,
            busy_pe_cycles=self.busy_pe_cycles,
            port_stall_cycles=self.port_stall_cycles,
            terms=self.terms,
        )

    def counts(self, batches: Batches) -> PassCounts:
        """Return what the pass counts, by batch."""
        return PassCounts(*batches.sums(self.in_tiles(batches.tiling)))


Timings = tuple[PassTiming, ...]


def time_passes(job: Job, mask: MaskWork | None) -> Timings:
    """Return the passes of a layer on a design; mask: of a gated layer."""
    return tuple(_time_pass(job, index, mask) for index in range(len(job.passes)))


def _time_pass(job: Job, index: int, mask: MaskWork | None) -> PassTiming:
    """Return the cycles of one pass in every tile. Source: MODEL.md M5, M10, M15, M17, M21."""
    array, flow, rate = job.arch.array, job.flow, job.rates[index]
    reads, banked = slot_reads(job, index), job.arch.memory.all_ports
    issue = _issue_from_banks(job, index, mask) if banked else _issue(job, index, mask, reads)
    folds = flow.folds(issue.slots, array.rows, rate)
    fold_cycles = flow.fold_cycles(issue.slots, rate)
    spacing = array.fold_spacing(fold_cycles)
    if isinstance(reads, EvenReads):
        stalls = reads.stall_cycles(folds * fold_cycles)
    elif banked:
        stalls = issue.late_cycles
    else:
        stalls = port_stall_cycles(reads, issue, spacing)
    return PassTiming(
        plan=job.passes[index],
        rate=rate,
        issue=issue,
        folds=folds,
        fold_cycles=fold_cycles,
        fold_spacing_cycles=spacing,
        port_stall_cycles=stalls,
        waits_for_ports=reads.waits,
        lanes_late_cycles=None,
    )


def _issue(job: Job, index: int, mask: MaskWork | None, reads: SlotReads | EvenReads) -> Issue:
    """Return what a pass issues, and how far the ports of the slots' operand lag (M21)."""
    if job.passes[index].gated and mask is not None:
        return gated_issue(mask, reads.rates)
    return dense_issue(job.tiling, job.arch.array.columns, reads.rates)


def _issue_from_banks(job: Job, index: int, mask: MaskWork | None) -> Issue:
    """Return what a pass issues, and how late the banks of the slots' operand are (M43)."""
    reads = bank_reads(job, index)
    if reads is None:
        return _issue(job, index, mask, slot_reads(job, index))
    if job.passes[index].gated and mask is not None:
        return gated_issue_from_banks(mask, reads)
    return dense_issue_from_banks(job.tiling, job.arch.array.columns, reads)


def pass_counts(passes: tuple[PassCounts, ...], none: Counts) -> Mapping[str, Counts]:
    """Return the counts of TIMES, SLOTS and PES: of the first pass, and of all later ones.

    none: int64 (batches,), zeros.
    """
    first, later = passes[0], PassCounts(*[none] * len(PassCounts._fields))
    for each in passes[1:]:
        later = PassCounts(*map(np.add, later, each))
    return {
        "msb_cycles": first.steady_cycles,
        "lsb_cycles": later.steady_cycles,
        "lsb_slots_dense": later.slots_dense,
        "lsb_slots_issued": later.slots_issued,
        "lsb_slots_ideal": later.slots_ideal,
        "lsb_slots_fullest_lane": later.slots_fullest_lane,
        "msb_busy_pe_cycles": first.busy_pe_cycles,
        "lsb_busy_pe_cycles": later.busy_pe_cycles,
    }
