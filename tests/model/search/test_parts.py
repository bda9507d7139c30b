"""Candidates come in turn, few at first. What comes is counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pgsim.model.search.parts import parts


def lengths(candidates: int, *about: int) -> list[int]:
    return [len(each) for each in parts(np.arange(candidates), *about)]


def test_each_part_is_twice_as_long_as_the_one_before() -> None:
    """By hand: 25 = 3 + 6 + 12 and 4 that are left."""
    assert lengths(25, 3) == [3, 6, 12, 4]


def test_parts_may_grow_faster() -> None:
    """By hand: 30 = 1 + 4 + 16 and 9 that are left."""
    assert lengths(30, 1, 4) == [1, 4, 16, 9]


def test_nothing_comes_after_the_last_candidate() -> None:
    """By hand: 7 = 1 + 2 + 4, and of no candidates there is no part."""
    assert lengths(7, 1) == [1, 2, 4]
    assert lengths(0, 1) == []


@pytest.mark.parametrize("candidates", [1, 5, 14, 15])
def test_every_candidate_comes_once_in_turn(candidates: int) -> None:
    """The expected order is that in which they are given."""
    given = np.arange(candidates)[::-1]
    assert np.concatenate(list(parts(given, 2))).tolist() == given.tolist()
