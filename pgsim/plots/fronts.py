"""The front of a cloud: designs that none is better than, joined, numbered and named."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from pgsim.plots.drawing import BLACK
from pgsim.plots.pages import Page
from pgsim.plots.scales import Scale
from pgsim.results.fronts import senses
from pgsim.text import counted

_MOST_NAMED = 10
_LETTER, _GAP, _LINE = 0.56, 0.6, 1.5  # of numbers, over the size of their letters
_MARGINS = 1.24  # length of an axis over what its points span
_AWAY_POINTS = 9.0  # of a number from its design, to the side where none is


def draw_front(
    axes: Axes,
    front: pd.DataFrame,
    x: Scale,
    y: Scale,
    better: Sequence[bool],
    *,
    joined: bool = True,
) -> Artist:
    """Ring the designs of a front, and join them by steps; return what a legend shows of it.

    better: whether more of x, and of y, is better. joined: not where a third column has a say.
    """
    across, up = x.places[front.index], y.places[front.index]
    order = np.argsort(across.to_numpy(float), kind="stable")
    (line,) = axes.plot(
        across.iloc[order], up.iloc[order], color=BLACK, lw=0.8, marker="o", ms=8, mfc="none",
        mew=0.8, ls="solid" if joined else "none", zorder=3, clip_on=False,
        drawstyle="steps-pre" if better[0] else "steps-post",
    )  # fmt: skip
    return line


def named_of(
    front: pd.DataFrame, x: Scale, ys: Sequence[Scale], inches: tuple[float, float]
) -> list[int]:
    """Return the rows of a front to be named, from left to right: all, or of many some far apart.

    ys: of the panels that show them. inches: of each of these.
    """
    rows = x.places[front.index].sort_values(kind="stable").index
    if len(rows) <= _MOST_NAMED:
        return [int(row) for row in rows]
    panels = [_places(rows, x, y, inches) for y in ys]
    chosen = [0]
    while len(chosen) < _MOST_NAMED:
        gaps = np.min(
            [np.hypot(*(places - places[each]).T) for each in chosen for places in panels], axis=0
        )
        chosen.append(int(gaps.argmax()))
    return [int(rows[place]) for place in sorted(set(chosen))]


def front_words(front: int, named: int, whole: int, unknown: int) -> str:
    """Return what a legend says of a front: its designs, those with numbers, and of how many.

    unknown: designs that lack a value, and so are nowhere.
    """
    said = f"front: {front:,} of {counted(whole, 'design')}"
    if named < front:
        said += f", {named:,} of them numbered"
    return f"{said}; {unknown:,} more lack a value" if unknown else said


def _places(
    rows: pd.Index[int], x: Scale, y: Scale, inches: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Return where rows stand in a panel, in inches, (rows, 2)."""
    return np.column_stack([_along(x, rows) * inches[0], _along(y, rows) * inches[1]]) / _MARGINS


def _along(scale: Scale, rows: pd.Index[int]) -> npt.NDArray[np.float64]:
    """Return where rows stand on an axis, from 0 to 1."""
    places = scale.places.to_numpy(float)
    own = scale.places[rows].to_numpy(float)
    if scale.logarithmic:
        places, own = np.log(places), np.log(own)
    reach = float(np.nanmax(places) - np.nanmin(places)) or 1.0
    return np.asarray((own - np.nanmin(places)) / reach)


def number(
    axes: Axes,
    named: Sequence[int],
    x: Scale,
    y: Scale,
    better: Sequence[bool],
    page: Page,
    inches: tuple[float, float],
) -> None:
    """Write 1, 2, 3 beside designs of a front, on the side where no design can be.

    inches: of the axes. Numbers that would touch stand together, as "1, 2", beside the design that
    is worst in x: theirs is the step of the front with room on that side.
    """
    aside = [_AWAY_POINTS if more else -_AWAY_POINTS for more in better]
    places = _places(pd.Index(named), x, y, inches)
    for group in _groups(places * [1 if better[0] else -1, 1], page):
        row = named[group[0] if better[0] else group[-1]]
        axes.annotate(
            _numbers(group), (x.places[row], y.places[row]), (aside[0], aside[1]),
            textcoords="offset points", fontsize=page.small, zorder=4,
            arrowprops={"arrowstyle": "-", "lw": 0.4, "shrinkA": 0, "shrinkB": 4},
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.3},
            ha="left" if better[0] else "right", va="bottom" if better[1] else "top",
        )  # fmt: skip


def _groups(places: npt.NDArray[np.float64], page: Page) -> list[list[int]]:
    """Return which numbers stand together.

    places: of the designs, in inches, (designs, 2). Texts begin at the least of the first of the
    two in their group, and grow with it.
    """
    groups = [[each] for each in range(len(places))]
    while touching := next(
        (pair for pair in combinations(groups, 2) if _touch(*pair, places, page)), None
    ):
        one, other = touching
        groups = [each for each in groups if each is not other]
        groups[groups.index(one)] = sorted(one + other)
    return groups


def _touch(one: list[int], other: list[int], places: npt.NDArray[np.float64], page: Page) -> bool:
    """Say whether the texts of two groups would touch."""
    begins = [min(tuple(places[each]) for each in group) for group in (one, other)]
    (left, up), (right, other_up) = begins
    first = one if left <= right else other
    letter = page.small / 72
    room = (_LETTER * len(_numbers(first)) + _GAP) * letter
    return bool(abs(up - other_up) < _LINE * letter and abs(right - left) < room)


def _numbers(group: list[int]) -> str:
    """Return the text of a group: "1, 2", and of three or more in a row "1-3"."""
    first, last = group[0] + 1, group[-1] + 1
    if len(group) > 2 and last - first == len(group) - 1:
        return f"{first}-{last}"
    return ", ".join(str(each + 1) for each in group)


def better_of(columns: Sequence[str], most: Sequence[str]) -> list[bool]:
    """Return for each column whether more of it is better."""
    found = senses(columns, [name for name in most if name in columns])
    return [found[name] for name in columns]
