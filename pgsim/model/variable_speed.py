"""A sweep whose steps take the passes that any of their pixels needs (MODEL.md M53)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pgsim.arch import NOTHING, Array, Counts
from pgsim.lazy import lazy
from pgsim.mapping.pixels import Taps
from pgsim.model.bank_reads import (
    FoldWork,
    Steps,
    fold_ends,
    fold_words,
    late_fold_by_fold,
    lead_cycles,
)
from pgsim.model.fold_by_fold import taps_of
from pgsim.model.issue import dense_issue
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.pass_timing import PassTiming
from pgsim.model.ports import NO_RATES
from pgsim.schemes import Operand, union_bits


class Fold(NamedTuple):
    """A fold of the reduction: its taps and elements, and the slots that need all passes."""

    taps: Taps
    elements: int
    slow_slots: Counts


@dataclass(frozen=True, kw_only=True)
class VariableSpeed(PassTiming):
    """One sweep over all slots of every fold, whose steps are short or long.

    short_cycles: of a step without an important pixel; `rate` has those of a long one.
    long_pe_cycles: PE cycles that long steps add. every_fold: of the reduction, in order. array:
    that they run on.
    """

    short_cycles: int
    long_pe_cycles: Counts
    every_fold: tuple[Fold, ...]
    array: Array

    @lazy
    def steady_cycles(self) -> Counts:
        """Cycles of all steps, short and long."""
        return sum((self._cycles(fold) for fold in self.every_fold), NOTHING)

    @lazy
    def busy_pe_cycles(self) -> Counts:
        """PE cycles of short steps, and what PEs with an important pixel work longer."""
        short = self.issue.entries * (self.rate.pe_steps * self.short_cycles)
        return short + self.long_pe_cycles

    def held_cycles(self, array: Array) -> Counts:
        """Return the cycles from its first step to the end of its last; alone, of its edges."""
        if array.folds_overlap:
            return self.end_cycles() * self.executed
        spacings = (self._spacing(fold) for fold in self.every_fold)
        return sum(spacings, NOTHING) * self.executed

    def end_cycles(self) -> Counts:
        """Return the cycle in which the last step ends."""
        *_, (fold, begin) = self._begins()
        return begin + self._cycles(fold)

    def mac_bits(self, operand: Operand) -> Counts:
        """Return the bits that its MACs take of an operand: more where a pixel is important."""
        always, more = self._bits(operand)
        assert self.useful_macs is not None
        return self.done_macs * always + self.useful_macs * more

    def read_bits(self, job: Job, index: int) -> Counts:
        """Return the bits of the slots' operand that it reads, in whole words under M43."""
        always, more = self._bits(job.slot_operand)
        port_bits, elements = (
            1,
            [(fold.elements * always, fold.elements * more) for fold in self.every_fold],
        )
        if job.arch.memory.all_ports:
            port_bits = job.arch.memory.buffers[job.slot_operand.name].port_bits
            elements = [(own.amount, own.more) for own in work_of(self, job, index)]
        both = zip(self.every_fold, elements, strict=True)
        read = [self.issue.slots * own + fold.slow_slots * more for fold, (own, more) in both]
        return sum(read, NOTHING) * port_bits

    def lane_deadlines(self, job: Job) -> Iterable[tuple[int | Counts, Counts]]:
        """Yield elements of each lane, and the cycle by which each fold has loaded its own."""
        alone, elements = lead_cycles(job) > 0, 0
        for fold, begin in self._begins():
            elements += fold.elements
            filled = -(-fold.elements // self.rate.macs)
            yield elements, begin + (filled if alone else np.minimum(filled, self._cycles(fold)))

    def _bits(self, operand: Operand) -> tuple[int, int]:
        """Return the bits of an operand that all steps take, and those that long ones add."""
        always = union_bits(operand.plane(each) for each in self.plan.always)
        return always, operand.bits(self.plan) - always

    def _cycles(self, fold: Fold) -> Counts:
        longer = self.rate.cycles - self.short_cycles
        return self.issue.slots * self.short_cycles + fold.slow_slots * longer

    def _spacing(self, fold: Fold) -> Counts:
        return self.array.fold_spacing(self._cycles(fold))

    def _begins(self) -> Iterator[tuple[Fold, Counts]]:
        begin = NOTHING
        for fold in self.every_fold:
            yield fold, begin
            begin = begin + self._spacing(fold)


def time_variable_speed(job: Job, index: int, mask: MaskWork) -> VariableSpeed:
    """Return the cycles of a sweep of several passes in every tile. Source: MODEL.md M53."""
    folds, rate = _folds(job, index, mask), job.rates[index]
    issue = dense_issue(job.tiling, job.arch.array.columns, NO_RATES)
    short = job.always_cycles(index)
    timing = VariableSpeed(
        plan=job.passes[index],
        rate=rate,
        reduction=job.shape.reduction,
        issue=issue,
        folds=job.flow.folds(issue.slots, job.arch.array.rows, rate),
        fold_cycles=issue.slots * short + folds[-1].slow_slots * (rate.cycles - short),
        fold_spacing_cycles=NOTHING,  # each fold has its own
        port_stall_cycles=NOTHING,
        waits_for_ports=True,
        useful_macs=mask.useful_pixels * job.shape.in_channels_per_group,
        short_cycles=short,
        long_pe_cycles=_long_rows(job, index, mask) * (rate.cycles - short),
        every_fold=folds,
        array=job.arch.array,
    )
    sram = job.arch.memory.buffers[job.slot_operand.name]
    by_word = job.arch.memory.all_ports
    banks, per_cycle = (sram.banks, 1) if by_word else (1, sram.cycle_bits)
    steps = Steps(short, rate.cycles - short, all_slots=True)
    work = work_of(timing, job, index)
    late = late_fold_by_fold(job, mask, work, steps, banks=banks, rate=per_cycle)
    return replace(timing, port_stall_cycles=-(late // -per_cycle))


def work_of(timing: VariableSpeed, job: Job, index: int) -> list[FoldWork]:
    """Return what each fold reads for a slot, and what more for one with an important pixel.

    In words of both planes under M43, else in bits.
    """
    widths = timing._bits(job.slot_operand)
    if job.arch.memory.all_ports:
        words = (fold_words(job, index, bits).tolist() for bits in widths)
        return [
            FoldWork(fold.taps, *own) for fold, *own in zip(timing.every_fold, *words, strict=True)
        ]
    return [
        FoldWork(fold.taps, *(fold.elements * bits for bits in widths))
        for fold in timing.every_fold
    ]


def _folds(job: Job, index: int, mask: MaskWork) -> tuple[Fold, ...]:
    found = []
    for begin, end in pairwise((0, *fold_ends(job, index).tolist())):
        taps = taps_of(job, begin, end)
        active, *_ = mask.under(taps).activity
        found.append(Fold(taps, end - begin, job.tiling.by_tile(active)))
    return tuple(found)


def _long_rows(job: Job, index: int, mask: MaskWork) -> Counts:
    """Return for how many outputs and rows, of all folds, a PE has an important pixel."""
    macs, kinds = job.rates[index].macs, Counter[Taps]()
    for begin, end in pairwise((0, *fold_ends(job, index).tolist())):
        first = begin + (end - begin - 1) % macs + 1  # the short row comes first (M21)
        for row in pairwise((begin, *range(first, end + 1, macs))):
            kinds[taps_of(job, *row)] += 1
    rows = [
        job.tiling.by_tile(mask.under(taps).activity[1]) * often for taps, often in kinds.items()
    ]
    return sum(rows, NOTHING)
