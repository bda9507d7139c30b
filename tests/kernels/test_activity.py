"""Active slots, entries and fullest lanes of tiles, against counting them one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from packed_rows import Rows, one_tile, random_bits, random_rows
from reference.schedulers import active_entries, active_slots, fullest_lane

from pgsim.kernels.activity import activity, activity_in_order


def counted(rows: Rows) -> np.ndarray:
    counts = rows.room
    activity(*rows.arguments, counts, 0)
    return counts


@pytest.mark.parametrize("seed", range(40))
def test_counts_equal_the_naive_ones(seed: int) -> None:
    rows = random_rows(seed)
    counts = counted(rows)
    for tile, mask in rows.tiles:
        expected = (len(active_slots(mask)), len(active_entries(mask)), fullest_lane(mask))
        assert tuple(counts[:, *tile]) == expected


@pytest.mark.parametrize("seed", range(40))
def test_windows_of_whole_words_are_counted_as_naively(seed: int) -> None:
    """Windows are of up to eleven words, and rows may go on behind the last one."""
    rng = Random(seed)
    lanes, window = rng.choice((1, 3, 4, 5, 16, 64, 67)), 64 * rng.choice((1, 2, 3, 4, 5, 8, 11))
    slots = rng.choice((window, 3 * window, 3 * window + 64, 2 * window + rng.randint(1, 63)))
    groups = range(0, lanes, rng.choice((1, 3, 4, 7, 16, 64)))
    rows = Rows(
        bits=random_bits(rng, rng.choice((1, 2)), lanes, slots + 64 * rng.choice((0, 0, 1, 5))),
        lanes=tuple(rng.sample(range(lanes), lanes) if rng.random() < 0.3 else range(lanes)),
        lane_bounds=(*groups, lanes),
        slot_bounds=(*range(0, slots, window), slots),
    )
    counts = counted(rows)
    for tile, mask in rows.tiles:
        expected = (len(active_slots(mask)), len(active_entries(mask)), fullest_lane(mask))
        assert tuple(counts[:, *tile]) == expected


def test_one_tile_by_hand() -> None:
    counts = counted(one_tile("x.x", "...", ".x.", "xxx"))
    # Three slots are active, with 2 + 1 + 3 entries; the lanes hold 2, 2 and 2.
    assert counts.ravel().tolist() == [3, 6, 2]
    counts = counted(one_tile("x.x", "...", ".xx", "xxx"))
    assert counts.ravel().tolist() == [3, 7, 3]  # the lanes hold 2, 2 and 3


def test_bits_after_the_last_slot_are_not_counted() -> None:
    full = [[[1] * 192] * 2]
    counts = counted(Rows(full, (0, 1), (0, 2), (0, 70, 100)))
    assert counts[:, 0, 0].tolist() == [[70, 30], [140, 60], [70, 30]]
    one_window = counted(Rows(full, (0, 1), (0, 2), (0, 100)))
    assert one_window.ravel().tolist() == [100, 200, 100]


@pytest.mark.parametrize("slots", ["x.x", "x" * 100])
def test_rows_may_be_of_some_batches(slots: str) -> None:
    rows = one_tile(*slots)
    counts = np.full((3, 3, 1, 1), -1)
    activity(*rows.arguments, counts, 1)
    assert counts[:, 1].ravel().tolist() == [slots.count("x")] * 3
    assert (counts[:, ::2] == -1).all()


def test_windows_in_another_order_are_counted_slot_by_slot() -> None:
    # By hand: slots of 2, 0, 1 and 3 entries; the second window has the first slot again.
    slots = np.array([[[0b101, 0, 0b010, 0b111]]], np.uint64)
    active, entries = activity_in_order(slots, np.array([3, 1, 0, 0, 2]), np.array([0, 3, 5]))
    assert active.tolist() == [[[2, 2]]]
    assert entries.tolist() == [[[5, 3]]]
