"""What passes issue in every tile, counted by hand (M11)."""

from __future__ import annotations

import numpy as np
from designs import drawn, linear
from jobs import job_of, mask_work

from pgsim.model.issue import dense_issue, gated_issue

NO_RATES = np.empty((0, 3), np.int64)
LAYER = linear(6, 3, 3)  # lane groups of 2 and 1 channels, windows of 4 and 2 slots
WINDOWS = {"lsb.window": 4}


def test_a_dense_pass_issues_every_slot() -> None:
    job = job_of(LAYER, changes=WINDOWS, scheme="dual_dense")
    issue = dense_issue(job.tiling, 2, NO_RATES)
    for counts in (issue.slots, issue.vectors, issue.active_slots, issue.fullest_lane):
        assert counts.tolist() == [[[[4, 2]]]]
    assert issue.entries.tolist() == [[[[8, 4], [4, 2]]]]
    assert issue.ideal.tolist() == [[[[4, 2], [2, 1]]]]
    assert issue.shortfall_bits == ()


def test_a_gated_pass_issues_what_its_scheduler_makes_of_the_mask() -> None:
    # Tiles, slot by slot: lanes 0 and 1 at x., .x, xx, .. and .x, ..; lane 2 at .,x,.,. and x,x.
    mask = drawn("x.x... .xx.x. .x..xx")
    for scheduler, slots, vectors in (
        ("skip", [[3, 1], [1, 2]], [[3, 1], [1, 2]]),
        ("dense", [[4, 2], [4, 2]], [[4, 2], [4, 2]]),
        ("combine", [[2, 1], [1, 2]], [[3, 1], [1, 2]]),  # the first two share
        ("ideal", [[2, 1], [1, 1]], [[3, 1], [1, 2]]),
        ("queue", [[2, 1], [1, 2]], [[4, 1], [1, 2]]),
    ):
        job = job_of(LAYER, mask, WINDOWS | {"lsb.scheduler": scheduler}, "pg")
        issue = gated_issue(mask_work(job), NO_RATES)
        assert issue.slots.tolist() == [[slots]], scheduler
        assert issue.vectors.tolist() == [[vectors]], scheduler
        assert issue.entries.tolist() == [[[[4, 1], [1, 2]]]]
        assert issue.active_slots.tolist() == [[[[3, 1], [1, 2]]]]
        assert issue.fullest_lane.tolist() == [[[[2, 1], [1, 2]]]]
        assert issue.ideal.tolist() == [[[[2, 1], [1, 1]]]]


def test_lanes_that_are_positions_count_in_the_order_of_tiles() -> None:
    # 3 positions on 2 columns, 2 channels: lane groups of 2 and 1 positions, one window of 2 slots.
    mask = drawn("x.x xx.")
    job = job_of(linear(3, 3, 2), mask, {"array.dataflow": "is"}, "pg")
    issue = gated_issue(mask_work(job), NO_RATES)
    assert issue.entries.tolist() == [[[[3], [1]]]]
    assert issue.slots.tolist() == [[[[2], [1]]]]
    assert issue.fullest_lane.tolist() == [[[[2], [1]]]]
