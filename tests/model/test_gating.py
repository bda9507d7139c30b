"""What steering takes, counted by hand (M28)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from designs import drawn, linear
from jobs import Listed, job_of

from pgsim.model.gating import COUNTS, counts
from pgsim.model.ledger import PassCounts

LAYER = linear(4, 6, 2)  # 8 outputs; D = 6, 4 bits of activations, 2 of them LSBs
MASK = drawn("x.x. .x.x")
NAMES = [count.name for count in COUNTS]


def pass_counts(slots: int, issued: int, active: int, entries: int) -> PassCounts:
    unused = dict.fromkeys(
        ("slots_ideal", "slots_fullest_lane", "steady_cycles", "busy_pe_cycles", "macs", "terms"),
        0,
    )
    values = {
        "outputs": entries,
        "slots_dense": slots,
        "slots_issued": issued,
        "active_slots": active,
        **unused,
    }
    return PassCounts(**{name: np.array([value]) for name, value in values.items()})


DENSE, GATED = pass_counts(4, 4, 4, 8), pass_counts(4, 2, 3, 4)


def found(
    scheduler: str, scheme: object, passes: tuple[PassCounts, ...], dataflow: str
) -> list[int]:
    changes = {"lsb.scheduler": scheduler, "array.dataflow": dataflow, "lsb.ways": 2}
    job = job_of(LAYER, MASK, changes, scheme)
    by_name = counts(job, passes, np.array([8]), [each.reduction_folds for each in job.rates])
    return [by_name[name].item() for name in NAMES]


@pytest.mark.parametrize(
    ("scheduler", "dataflow", "expected"),
    [
        # 8 comparisons, 4 slots looked at; then half bits, written and read words. 3 active slots
        # are written once, 2 issue slots read in both folds of 4 of 6 rows, or in the one of `os`.
        ("skip", "ws", [8, 4, 0, 3, 4]),
        ("skip", "os", [8, 4, 0, 3, 2]),
        # One vector more than issue slots, of 6 elements of 2 bits past both columns, in halves.
        ("combine", "ws", [8, 4, 2 * 12 * 2, 3, 4]),
        # Entries pass 1.5 columns on average, 6 in all, of which 2 slots' 4 are there; 4 entries
        # are written, a word of each of 2 banks read.
        ("queue", "ws", [8, 4, 2 * 2 * 12, 4, 8]),
    ],
)
def test_a_gated_layer(scheduler: str, dataflow: str, expected: list[int]) -> None:
    assert found(scheduler, "pg", (DENSE, GATED), dataflow) == expected


def test_every_gated_pass_reads_what_is_written_once() -> None:
    # Two gated passes over 2 bits and over 1: the window is compared, scanned and written once.
    scheme = Listed(dense=(((2, 2), (0, 8)),), gated=(((0, 2), (0, 8)), ((0, 1), (0, 8))))
    passes = (DENSE, GATED, GATED)
    half_bits = 2 * 2 * 6 * (2 + 1)
    assert found("combine", scheme, passes, "ws") == [8, 4, half_bits, 3, 2 * 4]


def test_a_dense_pass_behind_the_gate_takes_no_steering() -> None:
    changes = {"lsb.scheduler": "combine", "array.dataflow": "ws", "lsb.ways": 2}
    two = job_of(LAYER, MASK, changes, "pg")
    three = replace(two, passes=(*two.passes, two.passes[0]))
    steered = [
        [
            each.item()
            for each in counts(
                job, passes, np.array([8]), [each.reduction_folds for each in job.rates]
            ).values()
        ]
        for job, passes in ((two, (DENSE, GATED)), (three, (DENSE, GATED, DENSE)))
    ]
    assert steered[0] == steered[1] == [8, 4, 2 * 12 * 2, 3, 4]


def test_nothing_is_counted_where_nothing_is_gated() -> None:
    assert found("combine", "dual_dense", (DENSE, DENSE), "ws") == [0] * 5


def test_a_known_mask_is_compared_with_nothing() -> None:
    """M52: 4 positions of 2 pixels under 1 x 1 taps; of 6 elements 4 rows take two folds.

    The fold of 2 elements comes first. Both have pixels 0 and 2: each scans 4 slots, writes 2
    active ones to the table and reads 2 issued ones, of which no lane needs a further stream.
    """
    layer = linear(4, 6, 2, gate="input")
    for scheduler, banks in (("skip", 1), ("combine", 1), ("queue", 2)):
        changes = {"lsb.scheduler": scheduler, "array.dataflow": "ws"}
        job = job_of(layer, drawn("x.x."), changes, "pg")
        own = pass_counts(8, 4, 4, 4)
        by_name = counts(job, (DENSE, own), np.array([8]), [2, 1])
        assert [by_name[name].item() for name in NAMES] == [0, 8, 0, 4 * banks, 4 * banks]
