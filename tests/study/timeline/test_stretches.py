"""Which turns are merged: patterns drawn by hand, and any turns, from which all come back."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pgsim.study.timeline.stretches import Stretch, alike_runs, stretches
from pgsim.study.timeline.turns import Turns


def turns_like(*runs: str, axes: tuple[int, ...] = ()) -> Turns:
    """Runs of turns of which those of one letter are alike."""
    cycles = np.array([[ord(letter) for letter in run] for run in runs], np.int64)
    begins = np.zeros((len(runs), cycles.shape[1] + 1), np.int64)
    begins[:, 1:] = cycles.cumsum(axis=1)
    none = np.zeros_like(cycles)
    named = {f"loop {index}": size for index, size in enumerate(axes)}
    return Turns("tile", begins, none, cycles, (), (), named)


def shown(turns: str, *axes: int) -> list[str]:
    """Each single turn as its letter, each stretch as what is repeated how often."""
    return [
        f"{turns[each.first : each.first + each.period]} x {each.repeats}"
        if each.repeats > 1
        else turns[each.first]
        for each in stretches(turns_like(turns, axes=axes), 0)
    ]


@pytest.mark.parametrize(
    ("turns", "axes", "expected"),
    [
        ("A", (), ["A"]),
        ("AA", (), ["A", "A"]),
        ("AAA", (), ["A", "A x 2"]),
        ("ABBBBC", (), ["A", "B", "B x 3", "C"]),
        ("ABABABAB", (4,), list("ABABABAB")),  # no loop has two turns
        ("ABABABAB", (4, 2), ["A", "B", "AB x 3"]),
        ("XAABAABAABY", (4, 3), ["X", "A", "A", "B", "AAB x 2", "Y"]),
        ("AAAABAAAABAAAAB", (3, 5), ["A", "A x 3", "B", "AAAAB x 2"]),
        # What repeats at a pattern's end does not go on into its next time.
        ("AABAAA" * 3, (3, 6), ["A", "A", "B", "A", "A x 2", "AABAAA x 2"]),
        # Three lane groups of two windows, and four groups of these: a loop in a loop.
        ("ABABAC" * 4, (4, 3, 2), ["A", "B", "A", "B", "A", "C", "ABABAC x 3"]),
        ("ABABABAC" * 3, (3, 4, 2), ["A", "B", "AB x 2", "A", "C", "ABABABAC x 2"]),
    ],
)
def test_patterns_of_loops(turns: str, axes: tuple[int, ...], expected: list[str]) -> None:
    assert shown(turns, *axes) == expected


@given(
    turns=st.text("AB", min_size=1, max_size=40),
    times=st.integers(1, 4),
    axes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_all_turns_come_back(turns: str, times: int, axes: tuple[int, int]) -> None:
    turns *= times
    back, next_turn = "", 0
    for first, period, repeats in stretches(turns_like(turns, axes=axes), 0):
        assert first == next_turn
        back += turns[first] if repeats == 1 else back[-period:] * repeats
        next_turn = len(back)
    assert back == turns


def test_each_run_is_cut_by_itself() -> None:
    turns = turns_like("AAAA", "ABBB")
    assert list(stretches(turns, 0)) == [Stretch(0, 1, 1), Stretch(1, 1, 3)]
    assert list(stretches(turns, 1)) == [Stretch(0, 1, 1), Stretch(1, 1, 1), Stretch(2, 1, 2)]


def test_runs_alike_from_turn_to_turn() -> None:
    turns = turns_like("AB", "AB", "BA", "AB", "AB", "AB")  # of one length each
    assert list(alike_runs(turns)) == [range(2), range(2, 3), range(3, 6)]
