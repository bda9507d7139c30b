"""Stalls for the ports that feed the slots: the array ahead of its operands (MODEL.md M21)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np

from pgsim.arch import NOTHING, Counts
from pgsim.model.issue import Issue
from pgsim.model.job import Job

NO_RATES: Counts = np.empty((0, 3), np.int64)


class SlotReads(NamedTuple):
    """How one pass reads the operand that feeds its slots: what the array needs, and when.

    Of several layers at once, what differs is arrays that broadcast to tiles.

    port_bits: what all banks bring in a cycle. most_vectors: operand vectors that one issued slot
    reads at most, 0 where the pass never stalls.
    A *beat* is the issued slots that begin together: under `os` the R of a fold, elsewhere one.
    Beats take beat_cycles and begin beat_spacing_cycles apart.
    Between folds the reduction goes on: tap by tap (one but under `bitfusion`), each of tap_folds
    folds (one under `os`), of which the first reads first_bits of every vector, the others
    later_bits, which are first_bits where there are none.
    """

    port_bits: int
    most_vectors: int
    beat_slots: int
    beat_cycles: int
    beat_spacing_cycles: int
    taps: int
    tap_folds: int
    first_bits: int
    later_bits: int

    @property
    def fold_bits(self) -> tuple[int, ...]:
        """Bits of a vector that the first fold of a tap reads, and a later one if there is any."""
        several = np.any(self.tap_folds > 1)
        return (self.first_bits, self.later_bits) if several else (self.first_bits,)

    @property
    def waits(self) -> bool:
        """Whether any port limits the pass."""
        return self.most_vectors > 0

    @property
    def port_is_faster(self) -> bool:
        """Whether the port brings all that any beat needs while the beat lasts."""
        needed = self.most_vectors * self.beat_slots * self.later_bits
        return needed <= self.port_bits * self.beat_cycles

    @property
    def fold_rates(self) -> list[tuple[int, int, int]]:
        """What decides a pass's shortfalls, for first folds, and for later ones if there are any.

        Slots of a beat, bits that the array needs of each vector, bits that the port brings until
        the next beat begins. No rates where the port is the faster in every fold.
        """
        if np.all(self.port_is_faster):
            return []
        brought = self.port_bits * self.beat_spacing_cycles
        return [(self.beat_slots, bits, brought) for bits in self.fold_bits]

    @property
    def rates(self) -> Counts:
        """The same as the kernels of schedulers take it, int64 (rates, 3)."""
        return np.array(self.fold_rates, np.int64).reshape(-1, 3)


@dataclass(frozen=True)
class EvenReads:
    """A pass that reads the operand of its slots evenly: so many bits in its steady cycles."""

    port_bits: int
    bits: Counts

    port_is_faster = True  # in every beat, for there are none
    waits = True
    fold_rates = ()

    @property
    def rates(self) -> Counts:
        """None: schedulers have nothing to say."""
        return NO_RATES

    def stall_cycles(self, steady_cycles: Counts) -> Counts:
        """Return how long the pass waits for the ports in every tile (M46)."""
        stalls: Counts = np.maximum(0, -(-self.bits // self.port_bits) - steady_cycles)
        return stalls


def slot_reads(job: Job, index: int) -> SlotReads | EvenReads:
    """Return how a pass reads the operand of its slots. Source: MODEL.md M21, M46, M59."""
    arch, pass_, operand = job.arch, job.passes[index], job.slot_operand
    array, sram, bits = job.array_of(index), arch.memory.buffers[operand.name], operand.bits(pass_)
    rate = job.rates[index]
    if job.flow.reads_evenly:
        elements = job.flow.slot_elements(job.shape, job.tiling.tile_slots, rate)
        return EvenReads(sram.banks * sram.port_bits, elements * bits)
    beat = job.flow.beat(job.shape, array.rows, rate)
    spacing = array.fold_spacing(beat.cycles) if beat.is_fold else beat.cycles
    tap_elements = job.shape.reduction // beat.taps
    tap_folds = -(-tap_elements // beat.fold_elements)
    first = (tap_elements - 1) % beat.fold_elements + 1
    later = first + (beat.fold_elements - first) * (tap_folds > 1)
    return SlotReads(
        port_bits=job.slot_port_bits(index),
        most_vectors=arch.scheduler.most_vectors(array.columns) if pass_.scheduled else 1,
        beat_slots=beat.slots,
        beat_cycles=beat.cycles,
        beat_spacing_cycles=spacing,
        taps=beat.taps,
        tap_folds=tap_folds,
        first_bits=first * bits,
        later_bits=later * bits,
    )


def port_stall_cycles(reads: SlotReads, issue: Issue, fold_spacing_cycles: Counts) -> Counts:
    """Return how long a pass waits for the ports in every tile.

    Along the folds of a tap after its first, and from tap to tap, the port falls behind by as much
    each time: it is furthest behind in the first or in the last. Source: MODEL.md M21.
    """
    if not issue.shortfall_bits:
        return NOTHING
    tap_bits = reads.first_bits + (reads.tap_folds - 1) * reads.later_bits
    first, *later = issue.shortfall_bits
    last, folds = reads.tap_folds - 1, [(0, 0, first)]
    for own in later:
        for fold in (np.minimum(1, last), last):
            folds.append((fold, reads.first_bits + (fold - 1) * reads.later_bits, own))
    behind = []
    for tap in {0, reads.taps - 1}:
        for fold, bits, shortfall in folds:
            begin = (tap * reads.tap_folds + fold) * fold_spacing_cycles
            needed = issue.vectors * (tap * tap_bits + bits) + shortfall
            behind.append(needed - begin * reads.port_bits)
    # A shortfall counts the whole spacing of beats; a beat's last step is over before.
    rest = reads.beat_spacing_cycles - reads.beat_cycles
    furthest = reduce(np.maximum, behind) + rest * reads.port_bits
    stalls: Counts = np.maximum(0, -(-furthest // reads.port_bits)) * (issue.slots > 0)
    return stalls
