"""How late banks are, against words that are read one by one, and by hand (M43)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from banked_reads import naive, reads
from packed_rows import one_tile, random_rows

from pgsim.kernels.banks import Reads, Vectors, active_slots, all_slots, deadlines, lateness


def found(issued: Sequence[Sequence[int]], own: Reads) -> int:
    pairs = [(issue, place) for issue, places in enumerate(issued) for place in places]
    of_issues, places = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    beats = np.full((own.banks, len(issued) + 1), 99)
    return lateness(Vectors(of_issues, places), len(pairs), len(issued), own, beats)


@pytest.mark.parametrize("seed", range(100))
def test_lateness_equals_the_naive_one(seed: int) -> None:
    rng = Random(seed)
    kinds, points = rng.randint(1, 3), rng.randint(1, 3)
    own = reads(
        banks=rng.choice((1, 2, 3, 8)),
        beat_slots=rng.choice((1, 1, 2, 4)),
        spacing=rng.randint(1, 9),
        folds=[
            sorted((rng.randint(1, 6), rng.randint(1, 8)) for _ in range(points))
            for _ in range(kinds)
        ],
        kinds=[rng.randrange(kinds) for _ in range(rng.choice((1, 1, 2, 5)))],
        lead_cycles=rng.choice((0, 0, 3)),
        edge_cycles=rng.choice((0, 0, 5)),
        bus_cycles=rng.choice((0, 4, 30)),
    )
    slots = [[rng.randrange(20) for _ in range(rng.randint(1, 4))] for _ in range(rng.randrange(9))]
    assert found(slots, own) == naive(slots, own)


def test_vectors_of_one_bank_come_one_after_the_other() -> None:
    # Two words each by cycle 4: places 0 and 4 share bank 0, which reads 4 words in 4 cycles.
    one_word = reads(folds=[[(1, 1)]], spacing=1)
    assert found([[0, 1, 2, 3]], one_word) == 0
    assert found([[0, 4]], one_word) == 1
    assert found([[0, 4, 8]], one_word) == 2
    # The second beat's word was read while the first beat's conflict was waited for.
    assert found([[0, 4], [1]], one_word) == 1
    assert found([[0], [4], [8]], one_word) == 0


def test_all_slots_are_those_of_each_window() -> None:
    own = reads(banks=3, beat_slots=4, spacing=2, folds=[[(1, 1), (3, 2)]])
    windows = [7, 7, 2, 2]
    expected = [naive([[place] for place in range(slots)], own) for slots in windows]
    assert all_slots(np.array(windows), own).tolist() == expected
    assert expected[0] != expected[3]  # like windows are looked at once


@pytest.mark.parametrize("seed", range(60))
def test_all_slots_of_windows_of_many_beats_equal_the_naive_ones(seed: int) -> None:
    rng = Random(seed)
    own = reads(
        banks=rng.choice((1, 2, 3, 6, 8)),
        beat_slots=rng.choice((1, 2, 3, 4, 5)),
        spacing=rng.randint(1, 6),
        folds=[[(rng.randint(1, 4), 1), (rng.randint(5, 9), rng.randint(2, 12))]],
        lead_cycles=rng.choice((0, 3)),
        edge_cycles=rng.choice((0, 5)),
        bus_cycles=rng.choice((0, 30)),
    )
    windows = rng.sample(range(1, 120), 6)
    expected = [naive([[place] for place in range(slots)], own) for slots in windows]
    assert all_slots(np.array(windows), own).tolist() == expected


@pytest.mark.parametrize("late", [(0, 0), (0, 1), (1, 0), (1, 1)], ids=str)
def test_banks_are_late_as_soon_as_a_beat_needs_more_than_they_bring(late: tuple[int, int]) -> None:
    """Time is just enough for the words of a beat, or a cycle less than that."""
    rng, found = Random(0), []
    for _ in range(40):
        banks, beat_slots, words = rng.randint(1, 6), rng.randint(1, 9), rng.randint(2, 4)
        needed = -(-beat_slots // banks) * words  # cycles of the bank with the most vectors
        first, time = rng.randint(1, words), needed - late[0]
        own = reads(
            banks=banks,
            beat_slots=beat_slots,
            spacing=needed - late[1],
            folds=[[(first, time), (words, time)]],
            bus_cycles=rng.choice((0, 30)),
        )
        windows = rng.sample(range(1, 60), 4)
        expected = [naive([[place] for place in range(slots)], own) for slots in windows]
        assert all_slots(np.array(windows), own).tolist() == expected
        found += expected
    assert any(found) == any(late)


def test_a_window_of_many_slots_takes_no_longer_than_a_short_one() -> None:
    # 2^40 beats of four slots from two banks: each brings its two vectors of three words in six
    # cycles, and is asked for the next ones after four. The last beat's are needed a cycle after it
    # begins.
    own = reads(banks=2, beat_slots=4, spacing=4, folds=[[(3, 1)]])
    assert all_slots(np.array([2**42]), own).tolist() == [6 * 2**40 - 4 * (2**40 - 1) - 1]


@pytest.mark.parametrize("seed", range(20))
def test_active_slots_are_read_from_the_bank_of_their_place(seed: int) -> None:
    rows = random_rows(seed)
    own = reads(banks=4, beat_slots=2, spacing=1, folds=[[(1, 1), (2, 2)]])
    late = active_slots(*rows.arguments, own)
    for tile, mask in rows.tiles:
        issued = [[place] for place, slot in enumerate(mask) if any(slot)]
        assert late[tile] == naive(issued, own)


def test_a_window_begins_at_bank_0() -> None:
    words, lanes, lane_bounds, _ = one_tile("x", "x", "x", "x", "x").arguments
    own = reads(banks=2, beat_slots=2, spacing=1, folds=[[(1, 1)]])
    bounds = np.array([0, 3, 5])
    late = active_slots(words, lanes, lane_bounds, bounds, own)
    assert late.tolist() == [[[naive([[0], [1], [2]], own), naive([[0], [1]], own)]]]


@pytest.mark.parametrize("seed", range(50))
def test_deadlines_leave_out_only_what_is_never_furthest_behind(seed: int) -> None:
    rng = Random(seed)
    stretch, stretches = rng.randint(1, 20), rng.randint(1, 5)
    bits, port_bits = rng.randint(1, 16), rng.choice((8, 16, 64))
    macs, cycles = rng.randint(1, 8), rng.randint(1, 3)
    elements = stretch * stretches
    ends = np.arange((elements - 1) % macs + 1, elements + 1, macs)
    every = [
        (
            len(
                {
                    (k // stretch, bit // port_bits)
                    for k in range(end)
                    for bit in range(k % stretch * bits, (k % stretch + 1) * bits)
                }
            ),
            (step + 1) * cycles,
        )
        for step, end in enumerate(ends.tolist())
    ]
    found = deadlines(ends, stretch, bits, port_bits, cycles).tolist()
    assert {tuple(point) for point in found} <= set(every)
    assert found[-1][0] == every[-1][0]
    for vectors in range(1, 40):
        behind = max(vectors * words - end for words, end in every)
        assert max(vectors * words - end for words, end in found) == behind
