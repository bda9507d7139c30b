"""Stalls for the ports that feed the slots: the array ahead of its operands (MODEL.md M21)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from pgsim.arch import ArchConfig, macs_and_cycles
from pgsim.mapping import Counts, ceil_div, pe_steps
from pgsim.schemes import Pass
from pgsim.timing.folds import fold_spacing
from pgsim.timing.issue import Issue
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class SlotReads:
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
    def rates(self) -> Counts:
        """What decides a pass's shortfalls, as the kernels of schedulers take it.

        int64 (rates, 3): slots of a beat, bits that the array needs of each vector, bits that the
        port brings until the next beat begins; for first folds, and for later ones if there are
        any. No rates where the port is the faster in every fold.
        """
        fold_bits = (self.first_bits, self.later_bits)[: self.tap_folds]
        needed = self.most_vectors * self.beat_slots * max(fold_bits)
        if needed <= self.port_bits * self.beat_cycles:
            return np.empty((0, 3), np.int64)
        brought = self.port_bits * self.beat_spacing_cycles
        return np.array([(self.beat_slots, bits, brought) for bits in fold_bits], np.int64)


def slot_reads(shape: LayerShape, arch: ArchConfig, pass_: Pass) -> SlotReads:
    """Return how a pass reads the operand of its slots. Source: MODEL.md M21."""
    array = arch.array
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
    if array.lanes_are_channels:
        sram, bits = arch.memory.activation_sram, pass_.activation_bits
    else:
        sram, bits = arch.memory.weight_sram, pass_.weight_bits
    taps = shape.kernel[0] * shape.kernel[1] if array.dataflow == "bitfusion" else 1
    tap_elements = shape.reduction // taps
    if array.dataflow == "os":
        fold_elements, beat_slots = tap_elements, array.rows
        beat_cycles = pe_steps(shape, array, macs) * cycles
        beat_spacing = int(fold_spacing(array, np.array(beat_cycles)))
    else:
        fold_elements, beat_slots = array.rows * macs, 1
        beat_cycles = beat_spacing = cycles
    return SlotReads(
        port_bits=sram.banks * sram.port_bits,
        most_vectors=_most_vectors(arch, pass_),
        beat_slots=beat_slots,
        beat_cycles=beat_cycles,
        beat_spacing_cycles=beat_spacing,
        taps=taps,
        tap_folds=ceil_div(tap_elements, fold_elements),
        first_bits=((tap_elements - 1) % fold_elements + 1) * bits,
        later_bits=fold_elements * bits,
    )


def port_stall_cycles(reads: SlotReads, issue: Issue, fold_spacing_cycles: Counts) -> Counts:
    """Return how long a pass waits for the ports in every tile.

    Along the folds of a tap after its first, and from tap to tap, the port falls behind by as much
    each time: it is furthest behind in the first or in the last. Source: MODEL.md M21.
    """
    if not issue.shortfall_bits:
        return np.zeros_like(issue.slots)
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


def _most_vectors(arch: ArchConfig, pass_: Pass) -> int:
    """Return the most operand vectors that one issued slot of a pass reads (M11)."""
    lsb, columns = arch.lsb, arch.array.columns
    if not pass_.gated or lsb.scheduler in ("dense", "skip"):
        return 1
    return {"combine": min(lsb.ways, columns), "queue": columns, "ideal": 0}[lsb.scheduler]
