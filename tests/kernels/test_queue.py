"""Slot times of `queue`, against its naive version (M13) and by hand."""

from __future__ import annotations

from random import Random

import hypothesis.strategies as st
import numpy as np
import pytest
from banked_reads import naive as naive_lateness
from banked_reads import reads
from hypothesis import given, settings
from packed_rows import (
    Rows,
    drawn_rows,
    one_tile,
    random_rates,
    random_rows,
    random_tile,
    shortfall,
)
from reference import queue as stepped

from pgsim.kernels.queue import Fifos, queue, queue_from_banks

NO_RATES = np.empty((0, 3), np.int64)


def naive(mask: list[list[int]], depth: int, scan: int) -> list[int]:
    """The lanes that pop in each slot time, of a mask [slot][lane]."""
    waiting = [slot for slot in mask if any(slot)]
    levels, popped = [0] * len(mask[0]), []
    while waiting or any(levels):
        for _ in range(scan):
            if not waiting:
                break
            pushed = [level + bit for level, bit in zip(levels, waiting[0], strict=True)]
            if max(pushed) > depth:
                break
            levels = pushed
            del waiting[0]
        popped.append(sum(level > 0 for level in levels))
        levels = [max(0, level - 1) for level in levels]
    return popped


def equals_naive(rows: Rows, depth: int, scan: int, rates: np.ndarray) -> bool:
    issued, shortfalls = queue(*rows.arguments, Fifos(depth, scan), rates)
    for tile, mask in rows.tiles:
        popped = naive(mask, depth, scan)
        expected = [shortfall(popped, rate) for rate in rates.tolist()]
        if issued[tile] != len(popped) or shortfalls[:, *tile].tolist() != expected:
            return False
    return True


@pytest.mark.parametrize("seed", range(60))
def test_slot_times_equal_the_naive_ones(seed: int) -> None:
    rng = Random(seed)
    depth, scan = rng.choice((1, 2, 3, 4, 7, 8, 16, 255)), rng.choice((1, 2, 3, 4, 64))
    assert equals_naive(random_rows(seed), depth, scan, random_rates(rng))


@pytest.mark.parametrize("lanes", [7, 8, 9, 16, 17])
@pytest.mark.parametrize("depth", [1, 126, 127, 128])
def test_fifos_that_a_byte_just_counts_or_does_not(lanes: int, depth: int) -> None:
    rng = Random(lanes * depth)
    for scan in (1, 2, 4, 300):
        rows = random_tile(rng, lanes, 400, rng.choice((0.2, 0.9)))
        assert equals_naive(rows, depth, scan, random_rates(rng)), scan


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_mask(data: st.DataObject) -> None:
    rows, depth, scan = (
        drawn_rows(data),
        data.draw(st.integers(1, 20)),
        data.draw(st.integers(1, 9)),
    )
    assert equals_naive(rows, depth, scan, random_rates(Random(data.draw(st.integers()))))


def slot_times_by_hand(depth: int, scan: int, *slots: str) -> int:
    issued, _ = queue(*one_tile(*slots).arguments, Fifos(depth, scan), NO_RATES)
    return int(issued[0, 0, 0])


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
    assert queue(*rows.arguments, Fifos(2, 2), NO_RATES)[0].tolist() == [[[1]]]
    assert queue(*halves.arguments, Fifos(2, 2), NO_RATES)[0].tolist() == [[[1, 1]]]


def test_a_port_is_behind_where_many_lanes_pop() -> None:
    # depth 2, scan 2. First: a and b, three lanes pop, and lane 0 keeps one entry. Second: c, lanes
    # 0 and 1 pop, and lane 0 keeps one. Third: lane 0. That is 3, 2 and 1 vectors. 5 bits a vector
    # against 8 a slot time: 15 of 8 bits, 25 of 16, 30 of 24, so at most 9 are missing. In beats of
    # two, of which the first is short: 15 of 8 bits, then 30 of 16.
    rates = np.array([(1, 5, 8), (2, 5, 8)], np.int64)
    issued, shortfalls = queue(*one_tile("xx.", "x.x", "xx.").arguments, Fifos(2, 2), rates)
    assert issued.tolist() == [[[3]]]
    assert shortfalls.ravel().tolist() == [9, 14]


@pytest.mark.parametrize("seed", range(30))
def test_banks_are_read_by_the_entries_that_pop(seed: int) -> None:
    rng, rows = Random(seed), random_rows(seed)
    depth, scan = rng.choice((1, 2, 3, 16)), rng.choice((1, 2, 4))
    own = reads(banks=rng.choice((1, 3, 4)), beat_slots=rng.choice((1, 2)), spacing=2)
    issued, late = queue_from_banks(*rows.arguments, Fifos(depth, scan), own)
    for tile, mask in rows.tiles:
        places = stepped(mask, depth, scan).members
        assert issued[tile] == len(places)
        assert late[tile] == naive_lateness(places, own)
