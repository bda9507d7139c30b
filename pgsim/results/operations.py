"""The bit operations of passes, those that are useful, and how well they use the array."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.arch import ArchConfig
from pgsim.model.job import Job
from pgsim.model.ledger import Ledger, summed
from pgsim.schemes import Pass


def computed(job: Job, ledger: Ledger, part: slice = slice(None)) -> list[tuple[Pass, int]]:
    """Return each pass of a layer with the MACs that it did in some batches."""
    found: list[tuple[Pass, int]] = []
    for plan, own in zip(job.passes, ledger.passes, strict=True):
        macs = summed(own.macs[part])
        every = macs if not plan.parts else summed(own.outputs[part]) * job.shape.reduction
        found += [(each, macs if each.gated else every) for each in plan.every_part]
    return found


def bit_operations(computed: Sequence[tuple[Pass, int]]) -> list[int]:
    """Return the bit operations of the MACs of each pass."""
    return [each.activation_bits * each.weight_bits * done for each, done in computed]


def useful_of(job: Job, ledger: Ledger, part: slice = slice(None)) -> list[int]:
    """Return the useful bit operations of each pass in some batches (M27, M58)."""
    pe = job.arch.pe
    if not pe.by_values:
        return bit_operations(computed(job, ledger, part))
    return [
        summed(own.terms[part]) * pe.term_bits(plan.activation_bits, plan.weight_bits)
        for plan, own in zip(job.passes, ledger.passes, strict=True)
    ]


def useful_operations(job: Job, ledger: Ledger) -> int:
    """Return those of all passes, over all batches."""
    return sum(useful_of(job, ledger))


def utilization(operations: int, cycles: int, arch: ArchConfig) -> float:
    """Useful bit operations over the array's peak in these cycles, NaN for none (M27).

    At most 1: a convention may count a cycle less than a PE works (M51).
    """
    if not cycles:
        return float("nan")
    peak, turns = arch.peak
    return min(1.0, operations * turns / (peak * cycles))
