"""Slot times of `queue`, against its naive version (M13) and by hand."""

from __future__ import annotations

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from packed_rows import Rows, drawn_rows, one_tile, random_rows
from reference import schedulers

from pgsim.kernels.queue import queue


def equals_naive(rows: Rows, depth: int, scan: int) -> bool:
    issued = queue(*rows.arguments, depth, scan)
    return all(
        issued[tile] == len(schedulers.queue(mask, depth, scan).slots) for tile, mask in rows.tiles
    )


@pytest.mark.parametrize("seed", range(60))
def test_slot_times_equal_the_naive_ones(seed: int) -> None:
    rng = Random(seed)
    depth, scan = rng.choice((1, 2, 3, 4, 7, 8, 16, 255)), rng.choice((1, 2, 3, 4, 64))
    assert equals_naive(random_rows(seed), depth, scan)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_mask(data: st.DataObject) -> None:
    rows = drawn_rows(data)
    assert equals_naive(rows, data.draw(st.integers(1, 20)), data.draw(st.integers(1, 9)))


def slot_times_by_hand(depth: int, scan: int, *slots: str) -> int:
    return int(queue(*one_tile(*slots).arguments, depth, scan)[0, 0, 0])


def test_lanes_drain_side_by_side() -> None:
    # Scanned together, three slots leave lanes with 2, 1 and 1 entries: two slot times, not three.
    assert slot_times_by_hand(2, 3, "x..", "xx.", "..x") == 2


def test_the_scanner_stops_before_the_slot_that_would_overflow() -> None:
    # depth 1. First: a is pushed; b would overflow lane 0, and c, which would not, waits behind it.
    # Second: b and c; d would overflow lane 1. Third: d. Scanning past b would save a slot time.
    assert slot_times_by_hand(1, 4, "x.", "x.", ".x", ".x") == 3
    assert slot_times_by_hand(2, 4, "x.", "x.", ".x", ".x") == 2


def test_a_slot_is_pushed_whole_or_not_at_all() -> None:
    # depth 1. First: a; b needs lanes 0 and 1, and lane 0 is full. Second: b, of which lane 1 had
    # room all along; c finds lane 1 full. Third: c.
    assert slot_times_by_hand(1, 4, "x.", "xx", ".x") == 3


def test_the_scanner_takes_no_more_than_its_share() -> None:
    slots = ("x...", ".x..", "..x.", "...x")
    assert slot_times_by_hand(4, 1, *slots) == 4
    assert slot_times_by_hand(4, 2, *slots) == 2
    assert slot_times_by_hand(4, 4, *slots) == 1
    # Slots without an active lane are no part of the share.
    assert slot_times_by_hand(4, 2, "x...", "....", "....", ".x..") == 1


def test_nothing_is_carried_over_a_window() -> None:
    rows = one_tile("x.", ".x")
    halves = Rows(rows.bits, rows.lanes, rows.lane_bounds, (0, 1, 2))
    assert queue(*rows.arguments, 2, 2).tolist() == [[[1]]]
    assert queue(*halves.arguments, 2, 2).tolist() == [[[1, 1]]]
