"""The lanes of each slot, against plain lists of bits and by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from inner_kernels import called
from packed_rows import packed, random_bits

from pgsim.kernels import slots as module
from pgsim.kernels.slots import (
    groups_of_a_word,
    lanes_at_slots,
    lanes_of_group,
    lanes_of_slots,
    room_for_slots,
)

Row = list[int]
is_active = called(module.is_active)


def words_of(rows: list[Row], lanes: list[int], slot: int) -> list[int]:
    """The words of a slot's lanes, least significant bit first."""
    bits = [rows[lane][slot] if slot < len(rows[lane]) else 0 for lane in lanes]
    return [
        sum(bit << place for place, bit in enumerate(bits[first : first + 64]))
        for first in range(0, len(bits), 64)
    ]


@pytest.mark.parametrize("lanes", [1, 5, 64, 65, 130])
@pytest.mark.parametrize("slots", [1, 64, 100])
def test_rows_of_lanes_become_lanes_of_slots(lanes: int, slots: int) -> None:
    """Bit by bit, of lanes in any order; slots after the last have none."""
    rng = Random(f"{lanes} {slots}")
    (rows,) = random_bits(rng, 1, lanes, slots)
    order = rng.sample(range(lanes), lanes)
    found = np.full((-(-lanes // 64), -(-slots // 64) * 64), 2**64 - 1, np.uint64)
    lanes_of_slots(packed([rows])[0], np.array(order), found)
    expected = [words_of(rows, order, slot) for slot in range(found.shape[1])]
    assert found.T.tolist() == expected
    active = [bool(is_active(found, slot)) for slot in range(slots)]
    assert active == [any(row[slot] for row in rows) for slot in range(slots)]


@pytest.mark.parametrize(
    ("bounds", "first", "end"),
    [
        ([0, 16, 32, 48, 64, 80], 0, 4),  # four groups of 16 are a word
        ([0, 16, 32, 48, 64, 80], 1, 5),  # those behind the first are one too
        ([0, 16, 32, 48, 64, 80], 4, 5),
        ([0, 33, 66, 70], 0, 1),
        ([0, 33, 66, 70], 1, 3),
        ([0, 100, 101], 0, 1),  # a group that is larger is alone
        ([5, 69, 70], 0, 1),
        ([5, 68, 69, 70], 0, 2),
    ],
)
def test_lane_groups_that_a_word_has_room_for(bounds: list[int], first: int, end: int) -> None:
    """By hand: as many as have 64 lanes together."""
    assert groups_of_a_word(np.array(bounds), first) == end


def test_a_group_has_its_own_lanes_of_those_together() -> None:
    """By hand: of lanes 10 to 12, 13 to 17 and 18, one word holds all nine."""
    bounds = np.array([10, 13, 18, 19])
    together, slots = room_for_slots(bounds, 1)
    assert together.shape == slots.shape == (1, 64)
    together[0] = np.arange(64)  # bits 0 to 2, 3 to 7, and 8
    together[0, 63] = 0b1_10110_011
    for group, (lanes, last) in enumerate(((3, 0b011), (5, 0b10110), (1, 1))):
        assert lanes_of_group(together, bounds, group, slots) == lanes
        assert slots[0, 63] == last
    lanes_of_group(together, bounds, 1, slots)
    assert slots[0, :63].tolist() == [slot >> 3 for slot in range(63)]


def test_a_group_of_several_words_keeps_them() -> None:
    """By hand: 70 lanes need two words, of slots in two words of a row."""
    bounds = np.array([0, 70])
    together, slots = room_for_slots(bounds, 2)
    assert together.shape == (2, 128)
    together[0], together[1] = 2**64 - 1, 0b101
    assert lanes_of_group(together, bounds, 0, slots) == 70
    assert np.array_equal(slots, together)


def test_any_word_of_a_slot_makes_it_active() -> None:
    """By hand: a lane of the first word, and the last of the second."""
    slots = np.array([[0, 1, 0], [0, 0, 2**63]], np.uint64)
    assert [bool(is_active(slots, slot)) for slot in range(3)] == [False, True, True]


def test_all_batches_and_groups_have_their_lanes() -> None:
    """Bit by bit, of two batches and three lane groups in an order of their own."""
    rng = Random(7)
    bits = random_bits(rng, 2, 40, 70)
    order, bounds = rng.sample(range(40), 40), [0, 3, 35, 40]
    found = lanes_at_slots(packed(bits), np.array(order), np.array(bounds))
    assert found.shape == (2, 3, 128)
    for batch, group, slot in np.ndindex(found.shape):
        own = order[bounds[group] : bounds[group + 1]]
        assert [int(found[batch, group, slot])] == words_of(bits[batch], own, slot)
