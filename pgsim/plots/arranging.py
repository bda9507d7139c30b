"""Which columns part panels, which part the lines or marks of a panel, and which are averaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import pandas as pd

from pgsim.errors import InputError, nearest
from pgsim.plots.pages import Page
from pgsim.results.designs import in_floats, is_determined, told_apart
from pgsim.results.mask_sources import MASK_SOURCES
from pgsim.text import shortened

MOST_LOOKS = 35  # lines of a panel that no two look alike
_MOST_FACETS = 2
_MASKS = "mask_source"
# What a sweep varied comes first: it has colours, or panels; scheme and architecture come last.
LAST = {"scheme": 1, "arch": 2}
AGGREGATES = ("mean", "sum", "min", "max")


@dataclass(frozen=True)
class Arrangement:
    """Where each column of a table goes.

    facets: columns whose values have a panel each. lines: those whose values have a line each.
    over: those that are taken together by `how`, one of `AGGREGATES`.
    """

    facets: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    how: str = "mean"
    page: Page = field(kw_only=True)

    @property
    def words(self) -> str:
        """What was taken together, and how."""
        named = [name for name in self.over if name != _MASKS]  # which the title says
        return f"{self.how} over {', '.join(named)}" if named else ""

    def together(
        self, points: pd.DataFrame, kept: Sequence[str], values: list[str]
    ) -> pd.DataFrame:
        """Return one row for each panel, line and value of the columns `kept`."""
        if not self.over:
            return points
        points = in_floats(points, values)
        masks = [_MASKS] if _MASKS in points and _MASKS not in self.over else []
        keys = list(dict.fromkeys([*self.facets, *self.lines, *kept, *masks]))
        if not keys:
            return points[values].agg(self.how).to_frame().T
        groups = points.groupby(keys, sort=False, dropna=False)
        return groups[values].agg(self.how).reset_index()


def check_aggregate(how: str | None) -> None:
    """Raise InputError for a way to take rows together that there is not."""
    if how is not None and how not in AGGREGATES:
        raise InputError(
            f"aggregate: expected one of {', '.join(AGGREGATES)}, not {how!r}."
            f"{nearest(how, AGGREGATES)}"
        )


def arranged(
    points: pd.DataFrame,
    apart: Sequence[str],
    page: Page,
    *,
    by: str | None = None,
    facet: Sequence[str] = (),
    aggregate: str | None = None,
    most_lines: int | None = None,
) -> Arrangement:
    """Return an arrangement of points that a reader can take in.

    apart: columns that tell points apart, beside those of the axes. by, facet: what a person chose
    to have colours, and panels. With `aggregate` all else is taken together. Without it all else
    has lines of its own; where those are too many for a panel, what a sweep varied has panels; and
    what then is still too much is averaged.
    """
    check_aggregate(aggregate)
    told = [name for name in told_apart(points, apart) if name not in facet and name != by]
    own = [by] if by else []
    if aggregate is not None:
        taken = [name for name in told if _count(points, name) > 1]
        kept = [name for name in (*facet, *own) if _MASKS in taken]
        if kept and is_determined(points, kept, _MASKS):  # headings or labels say it
            taken.remove(_MASKS)
            own += [] if facet and is_determined(points, list(facet), _MASKS) else [_MASKS]
        return Arrangement(tuple(facet), tuple(own), tuple(taken), aggregate, page=page)
    most_lines = most_lines or page.most_lines
    facets, rest = _facets(points, list(facet), told, own, page, most_lines)
    over: list[str] = []
    for name in sorted(_varied(points, rest), key=lambda each: _rank(points, each)):
        if _lines(points, facets, [*rest, *own]) <= most_lines:
            break
        goes = {name}
        if _MASKS in rest and is_determined(points, [name], _MASKS):
            goes.add(_MASKS)
        over += [each for each in rest if each in goes]
        rest = [each for each in rest if each not in goes]
    if _MASKS in rest and facets and is_determined(points, facets, _MASKS):
        rest.remove(_MASKS)  # headings of panels say it
    if page.terse and any(_count(points, name) > 1 for name in (*rest, *own)):
        rest = [name for name in rest if _count(points, name) > 1]
    return Arrangement(tuple(facets), (*rest, *own), tuple(over), page=page)


def _facets(
    points: pd.DataFrame, facets: list[str], rest: list[str], own: list[str], page: Page, most: int
) -> tuple[list[str], list[str]]:
    """Return columns with panels, until no panel has more lines than `most`, and all others."""
    for name in sorted(_varied(points, rest), key=lambda each: LAST.get(each, 0)):
        if _lines(points, facets, [*rest, *own]) <= most or len(facets) >= _MOST_FACETS:
            break
        if prod(_count(points, each) for each in (*facets, name)) > page.most_panels:
            break
        facets = [*facets, name]
        rest = [each for each in rest if each != name]
    return facets, rest


def _rank(points: pd.DataFrame, name: str) -> tuple[int, int]:
    """Return what is averaged first: what a sweep varied, and of that what has most values."""
    return LAST.get(name, 0), -_count(points, name)


def _varied(points: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the names of columns with several values; what masks are is told, and never chosen."""
    return [name for name in names if name != _MASKS and _count(points, name) > 1]


def _count(points: pd.DataFrame, name: str) -> int:
    return int(points[name].nunique(dropna=False))


def _lines(points: pd.DataFrame, facets: Sequence[str], names: Sequence[str]) -> int:
    """Return the most lines of any panel."""
    if not names:
        return 1
    apart = points[[*facets, *names]].drop_duplicates()
    if not facets:
        return len(apart)
    return int(apart.groupby(list(facets), dropna=False).size().max())


@dataclass(frozen=True)
class Panel:
    """Points of one panel, and its place; what stands above it, and at its right side."""

    heading: str
    side: str
    points: pd.DataFrame
    row: int
    column: int


def panels_of(points: pd.DataFrame, arrangement: Arrangement) -> list[Panel]:
    """Return panels from left to right and from the top down, values in their order.

    Two facets make a grid, the second from the top down, where the page is wide enough.
    """
    facets, page = list(arrangement.facets), arrangement.page
    if not facets:
        return [Panel("", "", points, 0, 0)]
    firsts = _count(points, facets[0])
    if len(facets) == _MOST_FACETS and firsts <= page.most_across:
        return _grid(points, facets)
    return [
        Panel(_heading(facets, values, own, points), "", own, *divmod(place, page.most_across))
        for place, (values, own) in enumerate(_parted(points, facets))
    ]


def _grid(points: pd.DataFrame, facets: list[str]) -> list[Panel]:
    """Return panels in columns by the first facet and in rows by the second, each named once."""
    across, down = ([*_parted(points, [facet])] for facet in facets)
    found = []
    for row, (below, own) in enumerate(down):
        for column, (beside, others) in enumerate(across):
            shared = own.loc[own.index.intersection(others.index)]
            if shared.empty:
                continue
            head = "" if row else _heading(facets[:1], beside, others, points)
            side = "" if column < len(across) - 1 else _heading(facets[1:], below, own, points)
            found.append(Panel(head, side, shared, row, column))
    return found


def _parted(
    points: pd.DataFrame, facets: list[str]
) -> Iterator[tuple[tuple[object, ...], pd.DataFrame]]:
    """Find the values of facets with their points: numbers in order, words as in the table."""
    are_numbers = all(pd.api.types.is_numeric_dtype(points[name]) for name in facets)
    slowest = facets[::-1]
    for values, own in points.groupby(slowest, sort=are_numbers, dropna=False):
        yield tuple(values)[::-1], own


def _heading(
    facets: list[str], values: tuple[object, ...], own: pd.DataFrame, points: pd.DataFrame
) -> str:
    """Return what the points of a panel share, and what their masks are where others' differ."""
    parts = [
        f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {shortened(str(value), 40)}"
        for name, value in zip(facets, values, strict=True)
    ]
    if _MASKS in points and _count(points, _MASKS) > 1 and _count(own, _MASKS) == 1:
        parts.append(MASK_SOURCES[str(own[_MASKS].iloc[0])].words)
    return ", ".join(parts)
