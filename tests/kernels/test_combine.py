"""Issued slots of `combine`, against its naive version (M12) and by hand."""

from __future__ import annotations

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from packed_rows import Rows, drawn_rows, one_tile, random_rows
from reference import schedulers

from pgsim.kernels.combine import combine


def equals_naive(rows: Rows, ways: int, open_slots: int) -> bool:
    issued = combine(*rows.arguments, ways, open_slots)
    return all(
        issued[tile] == len(schedulers.combine(mask, ways, open_slots).slots)
        for tile, mask in rows.tiles
    )


@pytest.mark.parametrize("seed", range(60))
def test_issued_slots_equal_the_naive_ones(seed: int) -> None:
    rng = Random(seed)
    ways, open_slots = rng.choice((1, 2, 3, 4, 64)), rng.choice((1, 2, 3, 8, 64))
    assert equals_naive(random_rows(seed), ways, open_slots)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_mask(data: st.DataObject) -> None:
    rows = drawn_rows(data)
    assert equals_naive(rows, data.draw(st.integers(1, 5)), data.draw(st.integers(1, 9)))


def issued_by_hand(ways: int, open_slots: int, *slots: str) -> int:
    return int(combine(*one_tile(*slots).arguments, ways, open_slots)[0, 0, 0])


def test_disjoint_slots_share() -> None:
    assert issued_by_hand(2, 1, "x..", ".x.", "..x") == 2  # the third finds its way taken
    assert issued_by_hand(3, 1, "x..", ".x.", "..x") == 1


def test_a_slot_joins_the_oldest_that_has_room() -> None:
    # a opens A, b clashes with it and opens B. c fits both and joins A, which is older; so d, which
    # clashes with A, still finds room in B. Had c joined B, d would need a third issue slot.
    assert issued_by_hand(2, 2, "xx.", ".x.", "..x", "x..") == 2


def test_a_full_issue_slot_stays_held_until_it_is_the_oldest() -> None:
    # a opens A. b clashes with it and opens B; c clashes with A, joins B, and B is full. d clashes
    # with A: it opens C, for which A, the oldest, is issued. B, though full, keeps its place: e
    # joins C, and f finds B and C full and opens D. Were B issued when it became full, A would have
    # stayed for e, C for f, and three issue slots would do.
    slots = ("xx..", "x...", ".x..", "x...", "..x.", "...x")
    assert issued_by_hand(2, 2, *slots) == 4


def test_nothing_is_carried_over_a_window() -> None:
    rows = one_tile("x.", ".x")
    halves = Rows(rows.bits, rows.lanes, rows.lane_bounds, (0, 1, 2))
    assert combine(*rows.arguments, 2, 2).tolist() == [[[1]]]
    assert combine(*halves.arguments, 2, 2).tolist() == [[[1, 1]]]
