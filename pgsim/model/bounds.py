"""Counts that would not fit: a layer and a design are refused before they are simulated."""

from __future__ import annotations

from pgsim.errors import InputError
from pgsim.model.job import Job

_MOST = 2**62  # int64, with room for sums of a few


def check_counts(job: Job, images: int) -> None:
    """Refuse a layer whose largest counts over all images would not fit 64-bit integers.

    These are busy PE cycles, and bits of operand vectors times the PEs that pass them on. Raises
    InputError naming the layer, the count and what would help.
    """
    outputs = images * job.shape.outputs
    for plan, rate in zip(job.passes, job.rates, strict=True):
        vector_bits = job.shape.reduction * job.slot_operand.bits(plan)
        passed_on = (job.arch.array.columns + 1) if plan.gated else 1
        for count, what in (
            (outputs * rate.output_cycles, "busy PE cycles"),
            (outputs * vector_bits * passed_on, "bits of operand vectors"),
        ):
            if count > _MOST:
                raise InputError(
                    f"layer {job.shape.name!r} on {job.arch.name}: {count} {what} over {images} "
                    f"images are more than pgsim counts ({_MOST}): simulate fewer images, or cut "
                    "the layer"
                )
