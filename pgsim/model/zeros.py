"""MACs that have a zero operand, on PEs that stand still then (MODEL.md M45)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pgsim.arch import SIDE_BY_SIDE, Counts, side_by_side
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.ledger import Count, PassCounts
from pgsim.schemes import Pass

COUNTS = tuple(
    Count(
        f"zero_pe_cycles_of_{macs}",
        "PE cycles",
        f"busy PE cycles' share of MACs with a zero operand, {macs} or more side by side",
    )
    for macs in SIDE_BY_SIDE
)


def check_known(jobs: Sequence[Job]) -> None:
    """Raise InputError for a layer whose zeros nobody measured, on PEs that make use of them."""
    for job in jobs:
        if job.arch.pe.zero_gating and job.shape.zeros is None:
            raise InputError(
                f"layer {job.shape.name!r}: array.pe.zero_gating needs to know how many of its "
                "operands are zero: capture the trace again, or write `zeros` of this layer into "
                "the trace's manifest"
            )


def counts(job: Job, passes: tuple[PassCounts, ...], outputs: Counts) -> Mapping[str, Counts]:
    """Return the PE cycles' share of MACs with a zero operand, int64 (batches,) each.

    It is rounded down in each batch, and nothing where PEs make no use of it. Source: M45.
    """
    none = np.zeros(outputs.size, np.int64)
    found = {count.name: none for count in COUNTS}
    if not job.arch.pe.zero_gating:
        return found
    for own, rate, plan in zip(passes, job.rates, job.passes, strict=True):
        name = f"zero_pe_cycles_of_{side_by_side(rate.macs)}"
        cycles = np.floor(own.busy_pe_cycles * zero_fraction(job, plan)).astype(np.int64)
        found[name] = found[name] + cycles
    return found


def zero_fraction(job: Job, plan: Pass) -> float:
    """Return what fraction of a pass's MACs have a zero operand.

    Zeros of activations and of weights are taken to be independent, and planes that were not
    measured to have none.
    """
    shape, activation, weight = job.shape, plan.activation, plan.weight
    activations = shape.zero_fraction("activation", activation.low, activation.bits) or 0.0
    weights = shape.zero_fraction("weight", weight.low, weight.bits) or 0.0
    return 1 - (1 - activations) * (1 - weights)
