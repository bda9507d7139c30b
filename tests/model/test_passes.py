"""How long each pass holds the array, counted by hand (M15, M17, M26, M27)."""

from __future__ import annotations

import numpy as np
from designs import drawn, linear
from jobs import Listed, job_of, mask_work

from pgsim.model.ledger import Batches, PassCounts
from pgsim.model.passes import PassTiming, pass_counts, time_passes

LAYER = linear(6, 3, 3)  # lane groups of 2 and 1 channels, windows of 4 and 2 slots; D = 3
MASK = drawn("x.x... .xx.x. ......")
WINDOWS = {"lsb.window": 4}
D, G = ((2, 2), (0, 8)), ((0, 2), (0, 8))


def timings(changes: dict[str, object], scheme: object = "pg") -> tuple[PassTiming, ...]:
    job = job_of(LAYER, MASK, WINDOWS | changes, scheme)
    return time_passes(job, mask_work(job) if job.gated else None)


def test_folds_of_issued_slots() -> None:
    # os: a window of 4 or 2 slots is one fold of 3 cycles, at least 4 apart; the LSB pass issues 3
    # and 1 slots of the first lane group, and nothing of the second.
    msb, lsb = timings({})
    assert msb.folds.tolist() == [[[[1, 1]]]]
    assert lsb.folds.tolist() == lsb.executed.tolist() == [[[[1, 1], [0, 0]]]]
    assert lsb.steady_cycles.tolist() == [[[[3, 3], [0, 0]]]]
    assert msb.fold_spacing_cycles.tolist() == [[[[4, 4]]]]
    alone, _ = timings({"array.overlap": "none"})
    assert alone.fold_spacing_cycles.tolist() == [[[[7, 7]]]]


def test_folds_of_the_reduction() -> None:
    # ws with 2 rows: D = 3 is 2 folds, of as many cycles as slots are issued.
    msb, lsb = timings({"array.dataflow": "ws", "array.rows": 2})
    assert (msb.folds.tolist(), msb.fold_cycles.tolist()) == ([[[[2, 2]]]], [[[[4, 2]]]])
    assert lsb.folds.tolist() == [[[[2, 2], [0, 0]]]]
    assert lsb.fold_cycles.tolist() == [[[[3, 1], [0, 0]]]]
    assert lsb.steady_cycles.tolist() == [[[[6, 2], [0, 0]]]]


def totals(scheme: object) -> dict[str, int]:
    job = job_of(LAYER, MASK, WINDOWS, scheme)
    batches = Batches(job.tiling, 1)
    passes = tuple(
        PassCounts(*batches.sums(each.in_tiles(job.tiling)))
        for each in time_passes(job, mask_work(job) if job.gated else None)
    )
    found = {"outputs": passes[0].outputs, **pass_counts(passes, np.zeros(1, np.int64))}
    return {name: value.item() for name, value in found.items()}


def test_counts_of_the_first_pass_and_of_all_later_ones() -> None:
    # Dense: 4 tiles of 3 cycles, 2 * 6 slots, 18 outputs of 3 MACs. Gated: 2 folds, 4 issued slots,
    # 5 entries: 4 of window 1 in 2 columns, 1 of window 2; the fullest lanes have 2 and 1.
    once = {
        "outputs": 18,
        "msb_cycles": 4 * 3,
        "lsb_cycles": 2 * 3,
        "lsb_slots_dense": 12,
        "lsb_slots_issued": 4,
        "lsb_slots_ideal": 2 + 1,
        "lsb_slots_fullest_lane": 2 + 1,
        "msb_busy_pe_cycles": 18 * 3,
        "lsb_busy_pe_cycles": 5 * 3,
    }
    assert totals("pg") == once
    # A dense and two gated passes behind the first: 12 dense slots, of which packing would do in
    # 4 + 2 + 2 + 1, more.
    later = {
        "lsb_cycles": 4 * 3 + 2 * 2 * 3,
        "lsb_slots_dense": 3 * 12,
        "lsb_slots_issued": 12 + 2 * 4,
        "lsb_slots_ideal": (4 + 2 + 2 + 1) + 2 * 3,
        "lsb_slots_fullest_lane": 12 + 2 * 3,
        "lsb_busy_pe_cycles": (18 + 2 * 5) * 3,
    }
    assert totals(Listed(dense=(D, D), gated=(G, G))) == once | later


def test_one_pass_has_none_behind_it() -> None:
    found = totals("full")
    assert found["msb_cycles"] == 3 * 3 + 3  # one window of 6 slots: two folds of each lane group
    assert not any(value for name, value in found.items() if name.startswith("lsb"))
