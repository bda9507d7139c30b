"""A pass under a mask of input pixels, whose folds issue slots of their own (MODEL.md M52)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pgsim.arch import NOTHING, Array, Counts
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Tiling
from pgsim.mapping.pixels import Taps
from pgsim.model.bank_reads import (
    FoldWork,
    Steps,
    fold_ends,
    fold_words,
    late_fold_by_fold,
    lead_cycles,
)
from pgsim.model.issue import Issue, issue_under_pixels
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.pass_timing import PassTiming
from pgsim.model.ports import slot_reads

_NEVER = 2**61  # the cycle by which a fold needs its operands that does not happen


class Fold(NamedTuple):
    """A fold of the reduction: the taps and the elements that it holds, and what it issues."""

    taps: Taps
    elements: int
    issue: Issue

    @property
    def happens(self) -> Counts:
        """1 where it issues anything, else 0."""
        return np.minimum(self.issue.slots, 1)


@dataclass(frozen=True, kw_only=True)
class FoldByFold(PassTiming):
    """A pass whose folds each issue the slots that have an important pixel under their taps.

    issue: slots, vectors, active slots, ideal and fullest lane of all folds together, and the
    entries that any fold adds to. every_fold: those of the reduction, in order. array: that they
    run on.
    """

    every_fold: tuple[Fold, ...]
    array: Array

    @property
    def counted_by_fold(self) -> bool:
        """True."""
        return True

    @lazy
    def steady_cycles(self) -> Counts:
        """Cycles in which a step enters the array."""
        return self.issue.slots * self.rate.cycles

    @lazy
    def done_macs(self) -> Counts:
        """MACs of every fold's entries."""
        return self._summed(lambda fold: fold.issue.entries * fold.elements)

    @lazy
    def busy_pe_cycles(self) -> Counts:
        """PE cycles of every fold's entries, in the rows that the fold fills."""
        macs, cycles = self.rate.macs, self.rate.cycles
        return self._summed(lambda fold: fold.issue.entries * (-(-fold.elements // macs) * cycles))

    @lazy
    def lane_elements(self) -> Counts:
        """Elements of the folds that happen."""
        return self._summed(lambda fold: fold.happens * fold.elements)

    def held_cycles(self, array: Array) -> Counts:
        """Return the cycles from its first step to the end of its last; alone, of its edges."""
        if array.folds_overlap:
            return self.end_cycles()
        return self._summed(lambda fold: fold.happens * self._spacing(fold))

    def end_cycles(self) -> Counts:
        """Return the cycle in which the last step of the last fold that happens ends."""
        end = NOTHING
        for fold, begin in self._begins():
            end = np.where(fold.happens, begin + self._cycles(fold), end)
        return end

    def visited_sums(self, visits: Counts) -> Counts:
        """Return the sums that come to the output buffer: of each fold its own."""
        return self._summed(lambda fold: fold.issue.entries)

    def read_elements(self, job: Job) -> Counts:
        """Return the elements of the slots' operand that it reads."""
        return self._summed(lambda fold: fold.issue.vectors * fold.elements)

    def read_words(self, job: Job, index: int, bits: int) -> Counts:
        """Return the words that it reads, of each fold its own."""
        words = fold_words(job, index, bits).tolist()
        both = zip(self.every_fold, words, strict=True)
        return sum((fold.issue.vectors * own for fold, own in both), NOTHING)

    def lane_deadlines(self, job: Job) -> Iterable[tuple[int | Counts, Counts]]:
        """Yield elements of each lane, and the cycle by which each fold has loaded its own."""
        rows, alone, elements = job.arch.array.rows, lead_cycles(job) > 0, NOTHING
        for fold, begin in self._begins():
            elements = elements + fold.happens * fold.elements
            filled = -(-fold.elements // self.rate.macs)
            loaded = filled if alone else np.minimum(min(rows, filled), self._cycles(fold))
            yield elements, np.where(fold.happens, begin + loaded, _NEVER)

    def all_slots(self, tiling: Tiling | BlockTiles) -> Counts:
        """Return the slots of every tile, once for each fold."""
        return tiling.tile_slots * len(self.every_fold)

    def port_stalls(self, port_bits: int, element_bits: int) -> Counts:
        """Return how long it waits for the port of the slots' operand (M21).

        All steps of a fold read alike, and none begins before the last has ended, so that the port
        is most behind at the end of a fold.
        """
        behind = read = NOTHING
        for fold, begin in self._begins():
            read = read + fold.issue.vectors * fold.elements * element_bits
            brought = (begin + self._cycles(fold)) * port_bits
            behind = np.where(fold.happens, np.maximum(behind, read - brought), behind)
        stalls: Counts = -(-behind // port_bits)
        return stalls

    def _cycles(self, fold: Fold) -> Counts:
        return fold.issue.slots * self.rate.cycles

    def _spacing(self, fold: Fold) -> Counts:
        return self.array.fold_spacing(self._cycles(fold))

    def _begins(self) -> Iterator[tuple[Fold, Counts]]:
        """Yield each fold, and when it begins if it happens."""
        begin = NOTHING
        for fold in self.every_fold:
            yield fold, begin
            begin = begin + fold.happens * self._spacing(fold)

    def _summed(self, of_fold: Callable[[Fold], Counts]) -> Counts:
        return sum((of_fold(fold) for fold in self.every_fold), NOTHING)


def time_fold_by_fold(job: Job, index: int, mask: MaskWork) -> FoldByFold:
    """Return the cycles of a pass under a mask of input pixels. Source: MODEL.md M21, M43, M52."""
    folds, rate, reads = _folds(job, index, mask), job.rates[index], slot_reads(job, index)
    all_taps = issue_under_pixels(mask)
    timing = FoldByFold(
        plan=job.passes[index],
        rate=rate,
        reduction=job.shape.reduction,
        issue=_together(folds)._replace(entries=all_taps.entries),
        folds=sum((fold.happens for fold in folds), NOTHING),
        fold_cycles=_last_cycles(folds) * rate.cycles,
        fold_spacing_cycles=NOTHING,  # each fold has its own
        port_stall_cycles=NOTHING,
        waits_for_ports=reads.waits,
        useful_macs=mask.useful_pixels * job.shape.in_channels_per_group,
        every_fold=folds,
        array=job.arch.array,
    )
    if not reads.waits:
        return timing
    bits = job.slot_operand.bits(timing.plan)
    sram = job.arch.memory.buffers[job.slot_operand.name]
    if not job.arch.memory.all_ports:
        return replace(timing, port_stall_cycles=timing.port_stalls(sram.cycle_bits, bits))
    words = fold_words(job, index, bits).tolist()
    work = [FoldWork(fold.taps, own) for fold, own in zip(folds, words, strict=True)]
    steps = Steps(rate.cycles, 0, all_slots=not job.arch.scheduler.packs)
    late = late_fold_by_fold(job, mask, work, steps, banks=sram.banks, rate=1)
    return replace(timing, port_stall_cycles=late)


def _folds(job: Job, index: int, mask: MaskWork) -> tuple[Fold, ...]:
    issues: dict[Taps, Issue] = {}
    found = []
    for begin, end in pairwise((0, *fold_ends(job, index).tolist())):
        taps = taps_of(job, begin, end)
        if taps not in issues:
            issues[taps] = issue_under_pixels(mask.under(taps))
        found.append(Fold(taps, end - begin, issues[taps]))
    return tuple(found)


def taps_of(job: Job, begin: int, end: int) -> Taps:
    """Return the taps that elements `begin` to `end - 1` of the reduction are of."""
    depth = job.shape.in_channels_per_group
    return tuple(range(begin // depth, -(-end // depth)))


def _together(folds: tuple[Fold, ...]) -> Issue:
    """Return what all folds issue together, but the entries."""
    issued = zip(*(fold.issue[:6] for fold in folds), strict=True)
    return Issue(*(sum(own[1:], own[0]) for own in issued))


def _last_cycles(folds: tuple[Fold, ...]) -> Counts:
    """Return the slots of the last fold that happens."""
    last = NOTHING
    for fold in folds:
        last = np.where(fold.happens, fold.issue.slots, last)
    return last
