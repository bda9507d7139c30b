"""Where the names of marks stand in a figure: near their marks, and in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import cos, dist, hypot, pi, sin
from typing import NamedTuple

from matplotlib.textpath import TextPath

_RADII = (7, 14, 24, 36, 50, 66, 84, 104)  # points from a mark to its name
_DIRECTIONS = 16
_ROUNDS = 4
_MARK = 5.0  # points: half of what a mark takes
_CLEAR = 9.0  # the same with room around it, in which another name would seem to be its own
_COVERED = 9.0  # times as bad to cover a mark, a name or what is beyond the frame as that room
_LINE = 200.0  # square points of that room, as bad as a line across a name; across a mark, half
_FAR = 0.5  # the same, as bad as a point of distance

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle that something takes, in points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """Return the area that both take."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    def crossed(self, start: tuple[float, float], way: tuple[float, float]) -> bool:
        """Say whether a line crosses it, looked at in steps."""
        steps = [
            (start[0] + way[0] * part / 16, start[1] + way[1] * part / 16) for part in range(16)
        ]
        return any(self.left < x < self.right and self.bottom < y < self.top for x, y in steps)

    def outside(self, frame: Box) -> float:
        """Return the area of it that lies beyond a frame."""
        area = (self.right - self.left) * (self.top - self.bottom)
        return area - self.overlap(frame)


class Name(NamedTuple):
    """Where a name stands: at an offset from its mark, to which a line leads if it is far."""

    box: Box
    mark: Point
    way: Point

    @property
    def is_far(self) -> bool:
        """Whether a line leads to it."""
        return hypot(*self.way) > _RADII[1] + 1

    def lines_across(self, other: Name) -> int:
        """Return how many of the lines of both run across the name of the other."""
        return (self.is_far and other.box.crossed(self.mark, self.way)) + (
            other.is_far and self.box.crossed(other.mark, other.way)
        )


def placed_names(
    names: Sequence[str], points: Sequence[Point], frame: Box, letters: float
) -> Iterator[tuple[str, int, Name]]:
    """Yield texts, each with the number of its mark and where it stands, all in points.

    The names of marks that lie on each other are one text. letters: the size of the font.
    """
    heaps = _heaps(points)
    texts = {first: "\n".join(names[each] for each in heap) for first, heap in heaps.items()}
    sizes = {first: _size(text, letters) for first, text in texts.items()}
    placed: dict[int, Name] = {}
    for first in [*texts] * _ROUNDS:  # what came later may have left no room for what came before
        names_of_others = [own for each, own in placed.items() if each != first]
        marks = [point for place, point in enumerate(points) if place not in heaps[first]]
        placed[first] = _best(sizes[first], points[first], marks, names_of_others, frame)
    return ((texts[first], first, own) for first, own in placed.items())


def _best(
    size: Point, mark: Point, marks: Sequence[Point], names: Sequence[Name], frame: Box
) -> Name:
    """Return the place of a name that is in the way of least.

    marks, names: those of others.
    """
    own, taken = _around(mark, _MARK), [_around(each, _MARK) for each in marks]
    rooms = [_around(each, _CLEAR) for each in marks]

    def cost(name: Name) -> float:
        covered = sum(map(name.box.overlap, (own, *taken, *(each.box for each in names))))
        covered += name.box.outside(frame)
        lines = float(sum(map(name.lines_across, names)))
        if name.is_far:
            lines += sum(each.crossed(mark, name.way) for each in taken) / 2
        near = sum(map(name.box.overlap, rooms))
        return _COVERED * covered + near + _LINE * lines + _FAR * hypot(*name.way)

    return min((Name(_box(size, mark, way), mark, way) for way in _ways()), key=cost)


def _around(point: Point, reach: float) -> Box:
    x, y = point
    return Box(x - reach, y - reach, x + reach, y + reach)


def _heaps(points: Sequence[Point]) -> dict[int, list[int]]:
    """Return the marks that lie on an earlier one, by the earliest of them."""
    heaps: dict[int, list[int]] = {}
    for place, point in enumerate(points):
        first = next((each for each in heaps if dist(points[each], point) < _MARK), place)
        heaps.setdefault(first, []).append(place)
    return heaps


def _ways() -> Iterator[Point]:
    """Yield the offsets of a name from its mark in points, none upright."""
    for radius, step in product(_RADII, range(_DIRECTIONS)):
        angle = 2 * pi * (step + 0.5) / _DIRECTIONS
        yield radius * cos(angle), radius * sin(angle)


def _size(text: str, letters: float) -> Point:
    """Return the width and the height of lines of text in points."""
    lines = text.split("\n")
    widths = [TextPath((0, 0), line, size=letters).get_extents().width for line in lines]
    return max(widths), 1.3 * letters * len(lines)


def _box(size: Point, mark: Point, way: Point) -> Box:
    """Return what text of such a size takes at an offset from a mark."""
    (width, height), (x, y), (across, up) = size, mark, way
    left = x + across if across > 0 else x + across - width
    return Box(left, y + up - height / 2, left + width, y + up + height / 2)
