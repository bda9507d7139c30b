"""What gates: comparisons, scanned slots, further operand streams, the issue table (M28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pgsim.arch import Counts
from pgsim.model.job import Job
from pgsim.model.ledger import Count, PassCounts

COUNTS = (
    Count("compared_outputs", "outputs", "sums that a gate compares with a threshold"),
    Count("scanned_slots", "slots", "slots that a scheduler looks at"),
    Count(
        "further_stream_half_bits",
        "half bits",
        "bits of operand vectors beyond one an issued slot, each times the PEs that pass it on",
    ),
    Count("issue_table_written_words", "words", "entries written to the issue table"),
    Count("issue_table_read_words", "words", "entries read from the issue table"),
)


def counts(
    job: Job, passes: tuple[PassCounts, ...], outputs: Counts, folds: Sequence[int]
) -> Mapping[str, Counts]:
    """Return what steering a layer takes, int64 (batches,) each; nothing where none is gated.

    folds: of the reduction, of each pass (M10). A window is compared, scanned and written to the
    table once, and read by every gated pass. Under a mask of input pixels nothing is compared, and
    each gated pass schedules its own folds (M52).
    Source: MODEL.md M28.
    """
    none = np.zeros(outputs.size, np.int64)
    if job.gated_inputs and job.scheduled:
        return _under_pixels(job, passes, none)
    if not job.scheduled:
        return {count.name: none for count in COUNTS}
    scheduler, columns = job.arch.scheduler, job.arch.array.columns
    banks = scheduler.table_banks(columns)
    half_bits = read = none
    for own, own_folds, plan in zip(passes, folds, job.passes, strict=True):
        if plan.gated:
            further = scheduler.further_half_vectors(
                own.slots_issued, own.active_slots, own.outputs, columns
            )
            bits = job.shape.reduction * job.slot_operand.bits(plan)
            half_bits = half_bits + further * bits
            read = read + own.slots_issued * (own_folds * banks)
    gated = passes[job.leading]
    return {
        "compared_outputs": outputs,
        "scanned_slots": gated.slots_dense,
        "further_stream_half_bits": half_bits,
        "issue_table_written_words": scheduler.table_writes(gated.active_slots, gated.outputs),
        "issue_table_read_words": read,
    }


def _under_pixels(job: Job, passes: tuple[PassCounts, ...], none: Counts) -> Mapping[str, Counts]:
    """Return what steering takes whose mask is known, and whose slots' lanes are all alike."""
    scheduler, columns = job.arch.scheduler, job.arch.array.columns
    scanned = written = read = none
    for own, plan in zip(passes, job.passes, strict=True):
        if plan.gated:
            scanned = scanned + own.slots_dense
            written = written + own.active_slots
            read = read + own.slots_issued
    banks = scheduler.table_banks(columns)
    return {
        "compared_outputs": none,
        "scanned_slots": scanned,
        "further_stream_half_bits": none,
        "issue_table_written_words": written * banks,
        "issue_table_read_words": read * banks,
    }
