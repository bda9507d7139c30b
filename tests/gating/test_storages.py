"""Marks of places in tensors, and what is left of them where others are marked: by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from pgsim.gating.storages import Places  # noqa: E402


def test_a_mark_of_a_part_replaces_what_the_whole_said_of_it() -> None:
    places, row = Places[str](), torch.zeros(8)
    places.mark(row, "a")
    places.mark(row[2:5], "b")
    assert [places.of(part) for part in (row[:2], row[2:5], row[5:])] == [["a"], ["b"], ["a"]]
    assert sorted(places.of(row[1:3])) == ["a", "b"]
    places.mark(row[:4], "c")
    assert [places.of(part) for part in (row[:4], row[4:5], row[5:])] == [["c"], ["b"], ["a"]]


def test_a_mark_with_gaps_keeps_what_lies_in_them() -> None:
    places, row = Places[str](), torch.zeros(8)
    places.mark(row, "a")
    places.mark(row[::2], "b")
    assert sorted(places.of(row)) == ["a", "b"]
    places.mark(row[:5], "c")
    assert places.of(row[:5]) == ["c"]
    assert sorted(places.of(row[5:])) == ["a", "b"]  # the other one ends at its last number, 6
