"""Where tables have a size: listed, or searched for among large ones (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import tables

from pgsim.kernels import nest_places
from pgsim.kernels.nest_places import INPUTS, SLOTS, places_and_sizes, places_of

LARGE = 2**40


def test_sizes_are_found_among_those_that_are_listed_and_among_larger_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The third of 1, 4 and 5 slots is in place 2, and 2^40 slots after 3 come in place 1."""
    in_plain_python(monkeypatch, nest_places)
    few = tables((2, 3), (1, 4, 5))
    assert places_of(few, SLOTS, np.array([5, 1, 4])).tolist() == [2, 0, 1]
    assert [nest_places.place_of(few, INPUTS, each) for each in (2, 3)] == [0, 1]
    many = tables((2, 3, LARGE), (3, LARGE, LARGE + 7))
    assert many.places.size == 2 * 2**20
    assert places_of(many, SLOTS, np.array([LARGE + 7, 3, LARGE])).tolist() == [2, 0, 1]
    assert [nest_places.place_of(many, SLOTS, each) for each in (3, LARGE, LARGE + 7)] == [0, 1, 2]
    assert [nest_places.place_of(many, INPUTS, each) for each in (2, 3, LARGE)] == [0, 1, 2]


def test_a_size_that_tables_do_not_have_is_listed_in_no_place() -> None:
    places, sizes = places_and_sizes(np.array([1]), np.array([2, 5]))
    assert places.tolist() == [[-1, 0, -1, -1, -1, -1], [-1, -1, 0, -1, -1, 1]]
    assert sizes[1].tolist() == [2, 5]
