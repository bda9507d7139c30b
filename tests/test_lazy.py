"""Properties that are computed when first asked for, and no sooner or more often."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.lazy import lazy

asked: list[int] = []


@dataclass(frozen=True)
class Square:
    """A square of a frozen side."""

    side: int

    @lazy
    def area(self) -> int:
        """Its area."""
        asked.append(self.side)
        return self.side**2


def test_each_object_computes_it_once() -> None:
    small, large = Square(2), Square(3)
    assert not asked
    assert [small.area, large.area, small.area, large.area] == [4, 9, 4, 9]
    assert asked == [2, 3]


def test_what_is_kept_makes_no_object_differ() -> None:
    known, new = Square(5), Square(5)
    assert known.area == 25
    assert known == new
    assert hash(known) == hash(new)


def test_the_class_tells_what_it_is() -> None:
    assert Square.area.__doc__ == "Its area."
