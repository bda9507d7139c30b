"""How long each pass holds the array, and what it counts (MODEL.md M15, M17, M21)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import NOTHING, Counts, Folds
from pgsim.model.bank_reads import bank_reads, late_with_all_slots
from pgsim.model.fold_by_fold import time_fold_by_fold
from pgsim.model.issue import (
    Issue,
    dense_issue,
    gated_issue,
    gated_issue_from_banks,
)
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts, shown
from pgsim.model.mask_work import MaskWork
from pgsim.model.pass_timing import PassTiming
from pgsim.model.ports import EvenReads, SlotReads, port_stall_cycles, slot_reads
from pgsim.model.variable_speed import time_variable_speed

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


Timings = tuple[PassTiming, ...]


def time_passes(job: Job, mask: MaskWork | None) -> Timings:
    """Return the passes of a layer on a design; mask: of a gated layer."""
    return tuple(_time_pass(job, index, mask) for index in range(len(job.passes)))


def _time_pass(job: Job, index: int, mask: MaskWork | None) -> PassTiming:
    """Return the cycles of one pass in every tile.

    Source: MODEL.md M5, M10, M15, M17, M21, M51, M52, M59.
    """
    array, flow, rate = job.array_of(index), job.flow, job.rates[index]
    by_inputs = job.gated_inputs and job.passes[index].gated
    if by_inputs and mask is not None and flow.holds_lane_operand:
        in_parts = bool(job.passes[index].parts)
        return (time_variable_speed if in_parts else time_fold_by_fold)(job, index, mask)
    reads, banked = slot_reads(job, index), job.arch.memory.all_ports
    issue = _issue_from_banks(job, index, mask) if banked else _issue(job, index, mask, reads)
    folds = flow.folds(issue.slots, array.rows, rate)
    fold_cycles = flow.fold_cycles(issue.slots, rate)
    in_tiles = Folds(
        flow=array.flow,
        rows=array.rows,
        columns=array.columns,
        slots=issue.slots,
        lanes=job.tiling.tile_lanes,
        folds=folds,
        fold_cycles=fold_cycles,
        is_first=index == 0,
    )
    spacing, alone = array.spacing_cycles(in_tiles), not array.folds_overlap
    if isinstance(reads, EvenReads):
        stalls = reads.stall_cycles(folds * fold_cycles)
    elif banked:
        stalls = issue.late_cycles
    else:
        stalls = port_stall_cycles(reads, issue, spacing)
    return PassTiming(
        plan=job.passes[index],
        rate=rate,
        reduction=job.shape.reduction,
        issue=issue,
        folds=folds,
        fold_cycles=fold_cycles,
        fold_spacing_cycles=spacing,
        port_stall_cycles=stalls,
        waits_for_ports=reads.waits,
        alone_cycles=array.counted_by.pass_cycles(in_tiles) if alone else NOTHING,
        missed_cycles=array.counted_by.missed_cycles(in_tiles),
        useful_macs=_useful_macs(job, mask) if by_inputs and mask is not None else None,
    )


def _useful_macs(job: Job, mask: MaskWork) -> Counts:
    """Return the MACs on important pixels alone (M52)."""
    return mask.useful_pixels * job.shape.in_channels_per_group


def _issue(job: Job, index: int, mask: MaskWork | None, reads: SlotReads | EvenReads) -> Issue:
    """Return what a pass issues, and how far the ports of the slots' operand lag (M21)."""
    if job.passes[index].gated and mask is not None:
        return gated_issue(mask, reads.rates)
    return dense_issue(job.tiling, job.arch.array.columns, reads.fold_rates)


def _issue_from_banks(job: Job, index: int, mask: MaskWork | None) -> Issue:
    """Return what a pass issues, and how late the banks of the slots' operand are (M43)."""
    if job.passes[index].gated and mask is not None:
        reads = bank_reads(job, index)
        if reads is not None:
            (own,) = reads  # masks are of one layer
            return gated_issue_from_banks(mask, own)
    elif (late := late_with_all_slots(job, index)) is not None:
        dense = dense_issue(job.tiling, job.arch.array.columns)
        return dense._replace(late_cycles=job.tiling.by_window(late))
    return _issue(job, index, mask, slot_reads(job, index))


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
