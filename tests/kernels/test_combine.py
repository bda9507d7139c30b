"""Issued slots of `combine`, against its naive version (M12) and by hand."""

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
from reference import combine as stepped

from pgsim.kernels.combine import Table, combine, combine_from_banks

NO_RATES = np.empty((0, 3), np.int64)


def naive(mask: list[list[int]], ways: int, open_slots: int) -> list[int]:
    """The members of each issue slot, oldest first, of a mask [slot][lane]."""
    issue_slots: list[list[set[int]]] = []
    for slot in mask:
        lanes = {lane for lane, bit in enumerate(slot) if bit}
        if not lanes:
            continue
        for members in issue_slots[-open_slots:]:  # those held
            if len(members) < ways and not lanes & set().union(*members):
                members.append(lanes)
                break
        else:
            issue_slots.append([lanes])
    return [len(members) for members in issue_slots]


def equals_naive(rows: Rows, ways: int, open_slots: int, rates: np.ndarray) -> bool:
    issued, shortfalls = combine(*rows.arguments, Table(ways, open_slots), rates)
    for tile, mask in rows.tiles:
        members = naive(mask, ways, open_slots)
        expected = [shortfall(members, rate) for rate in rates.tolist()]
        if issued[tile] != len(members) or shortfalls[:, *tile].tolist() != expected:
            return False
    return True


@pytest.mark.parametrize("seed", range(60))
def test_issued_slots_equal_the_naive_ones(seed: int) -> None:
    rng = Random(seed)
    ways, open_slots = rng.choice((1, 2, 3, 4, 64)), rng.choice((1, 2, 3, 8, 64))
    assert equals_naive(random_rows(seed), ways, open_slots, random_rates(rng))


@pytest.mark.parametrize("lanes", [1, 8, 9, 16, 17, 32, 33, 64, 65])
def test_issue_slots_that_two_words_just_hold_or_do_not(lanes: int) -> None:
    rng, of_word = Random(lanes), 64 // max(8, 1 << (lanes - 1).bit_length())
    edges = (1, of_word - 1, of_word, of_word + 1, 2 * of_word, 2 * of_word + 1)
    for held in sorted({max(1, each) for each in edges}):
        for ways in (1, 2, lanes, 300):
            rows = random_tile(rng, lanes, 100, rng.choice((0.5, 1.5, 3)) / lanes)
            assert equals_naive(rows, ways, held, random_rates(rng)), (held, ways)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_mask(data: st.DataObject) -> None:
    rows, ways, open_slots = (
        drawn_rows(data),
        data.draw(st.integers(1, 5)),
        data.draw(st.integers(1, 9)),
    )
    assert equals_naive(rows, ways, open_slots, random_rates(Random(data.draw(st.integers()))))


def issued_by_hand(ways: int, open_slots: int, *slots: str) -> int:
    issued, _ = combine(*one_tile(*slots).arguments, Table(ways, open_slots), NO_RATES)
    return int(issued[0, 0, 0])


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
    assert combine(*rows.arguments, Table(2, 2), NO_RATES)[0].tolist() == [[[1]]]
    assert combine(*halves.arguments, Table(2, 2), NO_RATES)[0].tolist() == [[[1, 1]]]


def test_a_port_is_behind_where_many_slots_share() -> None:
    # Issue slots of 1, 2 and 1 members. 5 bits a member against 6 an issue slot: 5 of 6 bits, 15 of
    # 12, 20 of 18, so at most 3 are missing. In beats of two, of which the first is short: 5 of 6
    # bits, then 20 of 12.
    slots = ("xx", "x.", ".x", "xx")
    rates = np.array([(1, 5, 6), (2, 5, 6)], np.int64)
    issued, shortfalls = combine(*one_tile(*slots).arguments, Table(2, 2), rates)
    assert issued.tolist() == [[[3]]]
    assert shortfalls.ravel().tolist() == [3, 8]


@pytest.mark.parametrize("seed", range(30))
def test_banks_are_read_by_the_slots_that_share_an_issue_slot(seed: int) -> None:
    rng, rows = Random(seed), random_rows(seed)
    ways, open_slots = rng.choice((1, 2, 4)), rng.choice((1, 3, 8))
    own = reads(banks=rng.choice((1, 3, 4)), beat_slots=rng.choice((1, 2)), spacing=2)
    issued, late = combine_from_banks(*rows.arguments, Table(ways, open_slots), own)
    for tile, mask in rows.tiles:
        places = stepped(mask, ways, open_slots).members
        assert issued[tile] == len(places)
        assert late[tile] == naive_lateness(places, own)
