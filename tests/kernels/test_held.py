"""Issue slots in the fields of two words, against a list of them, and by hand (M12)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from inner_kernels import called

from pgsim.kernels import held as module
from pgsim.kernels.combine import Table
from pgsim.kernels.held import Fields, Held, fields_of, issue_slots

join, none_held = map(called, (module.join, module.none_held))


def words(numbers):
    """The same as kernels pass it on: Python knows no unsigned numbers."""
    return type(numbers)(*(np.uint64(int(each) % 2**64) for each in numbers))


@pytest.mark.parametrize(
    ("lanes", "open_slots", "bits"),
    [
        (1, 1, 8),
        (8, 16, 8),  # eight fields a word
        (8, 17, 0),
        (9, 8, 16),
        (9, 9, 0),
        (17, 4, 32),
        (33, 2, 64),
        (64, 2, 64),
        (64, 3, 0),
        (65, 1, 0),  # no word holds a slot
    ],
)
def test_a_field_has_as_many_bits_as_its_lanes_need(lanes: int, open_slots: int, bits: int) -> None:
    """By hand: 8, 16, 32 or 64, and 0 where two words do not hold all issue slots."""
    assert fields_of(lanes, Table(2, open_slots)).bits == bits


@pytest.mark.parametrize("open_slots", [1, 4, 5, 8])
def test_fields_that_hold_nothing_are_ones(open_slots: int) -> None:
    """By hand, of 16 lanes, four fields a word: the low word holds four, or, of up to four, none.

    Of one issue slot, the high word holds it in its first field, and the others are ones.
    """
    fields = words(fields_of(16, Table(2, open_slots)))
    in_high = open_slots - 4 if open_slots > 4 else open_slots
    assert fields.low == (0 if open_slots > 4 else 2**64 - 1)
    assert fields.high == 2**64 - 2 ** (16 * in_high)
    assert fields.newest == 2 ** (16 * in_high - 1)
    assert fields.before == (0 if open_slots > 4 else 4)
    held = words(none_held(fields))
    assert issue_slots(held.low, held.high, fields) == 0


class Listed:
    """What is held as a list, the oldest first: lanes, and how many slots share them."""

    def __init__(self, ways: int, open_slots: int) -> None:
        self.ways = ways
        self.slots: list[tuple[int, int]] = [(0, 0)] * open_slots

    def join(self, lanes: int) -> tuple[bool, int]:
        """Whether the oldest goes, and the place of the slot's own."""
        for place, (taken, sharing) in enumerate(self.slots):
            if not taken & lanes and sharing < self.ways:
                self.slots[place] = (taken | lanes, sharing + 1)
                return False, place
        self.slots = [*self.slots[1:], (lanes, 1)]
        return True, len(self.slots) - 1


@pytest.mark.parametrize(
    ("lanes", "open_slots"),
    [(3, 1), (8, 7), (8, 8), (8, 9), (8, 16), (16, 4), (16, 5), (20, 3), (32, 4), (64, 1), (64, 2)],
)
@pytest.mark.parametrize("ways", [1, 2, 5, 300])
def test_a_slot_joins_the_oldest_that_has_room(lanes: int, open_slots: int, ways: int) -> None:
    """Slot by slot, in a list."""
    rng = Random(f"{lanes} {open_slots} {ways}")
    fields: Fields = words(fields_of(lanes, Table(ways, open_slots)))
    held: Held = words(none_held(fields))
    listed = Listed(ways, open_slots)
    for _ in range(120):
        slot = 0
        while not slot:
            slot = rng.getrandbits(lanes) & rng.getrandbits(lanes)
        found, drops, place = join(held, np.uint64(slot), fields)
        held = words(found)
        assert (bool(drops), int(place)) == listed.join(slot)
        assert issue_slots(held.low, held.high, fields) == sum(
            sharing > 0 for _, sharing in listed.slots
        )
