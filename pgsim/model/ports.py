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

    port_bits: what all banks bring in a cycle. most_vectors: operand vectors that one issued slot
    reads at most, 0 where the pass never stalls.
    A *beat* is the issued slots that begin together: under `os` the R of a fold, elsewhere one.
    Beats take beat_cycles and begin beat_spacing_cycles apart.
    Between folds the reduction goes on: tap by tap (one but under `bitfusion`), each of tap_folds
    folds (one under `os`), of which the first reads first_bits of every vector, the others
    later_bits.
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
        return (self.first_bits, self.later_bits)[: self.tap_folds]

    @property
    def waits(self) -> bool:
        """Whether any port limits the pass."""
        return self.most_vectors > 0

    @property
    def port_is_faster(self) -> bool:
        """Whether the port brings all that any beat needs while the beat lasts."""
        needed = self.most_vectors * self.beat_slots * max(self.fold_bits)
        return needed <= self.port_bits * self.beat_cycles

    @property
    def rates(self) -> Counts:
        """What decides a pass's shortfalls, as the kernels of schedulers take it.

        int64 (rates, 3): slots of a beat, bits that the array needs of each vector, bits that the
        port brings until the next beat begins; for first folds, and for later ones if there are
        any. No rates where the port is the faster in every fold.
        """
        if self.port_is_faster:
            return NO_RATES
        brought = self.port_bits * self.beat_spacing_cycles
        return np.array([(self.beat_slots, bits, brought) for bits in self.fold_bits], np.int64)


@dataclass(frozen=True)
class EvenReads:
    """A pass that reads the operand of its slots evenly: so many bits in its steady cycles."""

    port_bits: int
    bits: Counts

    port_is_faster = True  # in every beat, for there are none
    waits = True

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
    return SlotReads(
        port_bits=job.slot_port_bits(index),
        most_vectors=arch.scheduler.most_vectors(array.columns) if pass_.scheduled else 1,
        beat_slots=beat.slots,
        beat_cycles=beat.cycles,
        beat_spacing_cycles=spacing,
        taps=beat.taps,
        tap_folds=-(-tap_elements // beat.fold_elements),
        first_bits=((tap_elements - 1) % beat.fold_elements + 1) * bits,
        later_bits=beat.fold_elements * bits,
    )


def port_stall_cycles(reads: SlotReads, issue: Issue, fold_spacing_cycles: Counts) -> Counts:
    """Return how long a pass waits for the ports in every tile.

    Along the folds of a tap after its first, and from tap to tap, the port falls behind by as much
    each time: it is furthest behind in the first or in the last. Source: MODEL.md M21.
    """
    if not issue.shortfall_bits:
        return NOTHING
    tap_bits = reads.first_bits + (reads.tap_folds - 1) * reads.later_bits
    behind = []
    for tap in {0, reads.taps - 1}:
        for fold in {0, min(1, reads.tap_folds - 1), reads.tap_folds - 1}:
            bits = tap * tap_bits
            if fold > 0:
                bits += reads.first_bits + (fold - 1) * reads.later_bits
            begin = (tap * reads.tap_folds + fold) * fold_spacing_cycles
            needed = issue.vectors * bits + issue.shortfall_bits[min(fold, 1)]
            behind.append(needed - begin * reads.port_bits)
    # A shortfall counts the whole spacing of beats; a beat's last step is over before.
    rest = reads.beat_spacing_cycles - reads.beat_cycles
    furthest = reduce(np.maximum, behind) + rest * reads.port_bits
    stalls: Counts = np.maximum(0, -(-furthest // reads.port_bits)) * (issue.slots > 0)
    return stalls
