"""The reference's schedulers, worked by hand (M11 to M14)."""

from __future__ import annotations

from typing import Any

from hand_worked import linear, simulate
from reference import (
    combine,
    fullest_lane,
    ideal,
    queue,
    skip,
)

# M11-M14: schedulers. Seven entries, lane 0 fullest with three, one slot without any.

MASK = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 1, 1],
    [1, 1, 0, 0],
]


def members(issue: Any) -> list[set[int]]:
    return [{slot for slot, _ in issue_slot.values()} for issue_slot in issue.slots]


def test_skip_and_ideal() -> None:
    assert members(skip(MASK)) == [{0}, {1}, {2}, {4}, {5}]
    assert len(ideal(MASK, 4).slots) == 2  # ceil(7/4)
    assert fullest_lane(MASK) == 3


def test_combine() -> None:
    # 1 joins 0, which is full; 2 opens; 4 joins 2; 5 finds two held: the oldest goes, 5 opens.
    assert members(combine(MASK, 2, 2)) == [{0, 1}, {2, 4}, {5}]
    # three ways: 2 shares lane 0 with the first and opens; 4 joins the oldest that fits, {0, 1}; 5
    # shares lane 0 with {2}, and {0, 1, 4} is full.
    assert members(combine(MASK, 3, 2)) == [{0, 1, 4}, {2}, {5}]
    # one open slot: 2 pushes {0, 1} out, 4 joins 2, 5 pushes them out.
    assert members(combine(MASK, 2, 1)) == [{0, 1}, {2, 4}, {5}]
    assert members(combine(MASK, 1, 8)) == members(skip(MASK))
    assert combine(MASK, 2, 2).vectors == 5  # each active slot's operands are read once


def test_queue() -> None:
    # depth 1: slots 0 and 1, then 2 would overflow lane 0; slots 2 and 4, then 5 would; slot 5.
    assert queue(MASK, 1, 4).slots == [
        {0: (0, 0), 1: (1, 1)},
        {0: (2, 0), 2: (4, 2), 3: (4, 3)},
        {0: (5, 0), 1: (5, 1)},
    ]
    # depth 2: four slots scanned at once; then 5; lane 0 drains its third entry last.
    assert queue(MASK, 2, 4).slots == [
        {0: (0, 0), 1: (1, 1), 2: (4, 2), 3: (4, 3)},
        {0: (2, 0), 1: (5, 1)},
        {0: (5, 0)},
    ]
    assert members(queue(MASK, 1, 1)) == members(skip(MASK))
    assert queue(MASK, 2, 4).vectors == 7  # each entry reads its own operands


def test_nothing_active_issues_nothing() -> None:
    empty = [[0, 0], [0, 0]]
    for issue in (skip(empty), combine(empty, 2, 2), queue(empty, 2, 2), ideal(empty, 2)):
        assert (issue.slots, issue.vectors) == ([], 0)


def test_lanes_ordered_by_density() -> None:
    # Channels 1 and 3 are always on, 0 and 2 never: side by side they leave one lane group with
    # nothing.
    mask = [[[0] * 4, [1] * 4, [0] * 4, [1] * 4]]
    changes = {"lsb.lane_order": "density"}
    assert simulate(linear(4, 4, 5), {}, "pg", mask=mask)["lsb_slots_issued"] == 8
    paired = simulate(linear(4, 4, 5), changes, "pg", mask=mask, calibration_mask=mask)
    assert paired["lsb_slots_issued"] == 4
