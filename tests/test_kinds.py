"""Kinds by their names."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pgsim.kinds import by_name


@dataclass(frozen=True)
class Kind:
    name: str
    description: str = "some kind"


KINDS = by_name((Kind("left"), Kind("right")))


def test_kinds_are_found_by_their_names_in_the_order_given() -> None:
    assert list(KINDS.items()) == [("left", Kind("left")), ("right", Kind("right"))]


def test_two_kinds_of_one_name_could_not_be_told_apart() -> None:
    with pytest.raises(ValueError, match="two kinds are named 'left'"):
        by_name((Kind("left"), Kind("right"), Kind("left", "another")))
