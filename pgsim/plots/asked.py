"""What a person asks of a figure, and the points of a table that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pgsim.errors import InputError, nearest
from pgsim.plots.arranging import Arrangement, arranged, check_aggregate
from pgsim.plots.pages import SCREEN, Page, page_of
from pgsim.plots.scales import NETWORK, check_log
from pgsim.results import IDENTITY
from pgsim.results.designs import (
    NAMES,
    axis_columns,
    check_columns,
    is_determined,
    title_of,
    value_by,
    without_what_ifs,
)
from pgsim.results.relative import FIRST, relative

DESIGN, LAYER = "design", "layer"


@dataclass(frozen=True)
class Asked:
    """How rows are arranged; the names are those of `plot_results`.

    inverse: whether the row that `normalize` names is divided by values, and not they by it.
    """

    by: str = DESIGN
    facet: tuple[str, ...] = ()
    aggregate: str | None = None
    normalize: str | None = None
    log: str | None = None
    page: Page = SCREEN
    network: bool = False
    inverse: bool = False

    @property
    def baseline(self) -> str:
        """What values are relative to, in words."""
        return "the first" if self.normalize == FIRST else str(self.normalize)

    @property
    def colour(self) -> str | None:
        """The column that a person gave the colours to."""
        return None if self.by == DESIGN else self.by


def asked_of(
    frame: pd.DataFrame,
    *,
    by: str,
    facet: str | Sequence[str],
    aggregate: str | None,
    normalize: str | None,
    log: str | None,
    width: str | None,
    network: bool,
    speed_up: str | None = None,
) -> Asked:
    """Return what is asked of a table; raises InputError for what cannot be."""
    if normalize is not None and speed_up is not None:
        raise InputError("normalize and speed_up: expected one of them, as both are relative")
    check_aggregate(aggregate)
    check_log(log)
    facets = (facet,) if isinstance(facet, str) else tuple(dict.fromkeys(facet))
    if len(facets) > 2:
        raise InputError(f"facet: expected two columns at most, not {len(facets)}")
    possible = parting_columns(frame)
    for each in facets:
        _check_parting("facet", each, possible)
    _check_parting("by", by, list(dict.fromkeys((DESIGN, *possible))))
    if by in facets:
        raise InputError(f"by and facet: expected different columns, not {by!r} twice")
    to = normalize if speed_up is None else speed_up
    return Asked(by, facets, aggregate, to, log, page_of(width), network, speed_up is not None)


def _check_parting(word: str, name: str, known: Sequence[str]) -> None:
    """Raise InputError where a column that a person names has no values to part by."""
    if name not in known:
        raise InputError(
            f"{word}: expected {', '.join(known[:-1])} or {known[-1]}, not {name!r}."
            f"{nearest(name, known)}"
        )


def parting_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns whose values may have colours or panels: designs, layers and images."""
    return [*axis_columns(frame), *(name for name in (LAYER, "image") if name in frame.columns)]


@dataclass(frozen=True)
class Points:
    """Values of designs, or of layers of them, and where each column of `frame` goes.

    note: what was done to the values. title: what they are of.
    """

    frame: pd.DataFrame
    arrangement: Arrangement
    note: str
    title: str


def points_of(
    frame: pd.DataFrame,
    x: str,
    y: str,
    asked: Asked,
    *,
    most_lines: int | None = None,
    also: Sequence[str] = (),
) -> Points:
    """Return the values of columns x and y, arranged as a person asks, or as can be read.

    also: columns beside x and y that have a place of their own, and so part no lines.

    Raises InputError where a column is not there, has no numbers, or is empty.
    """
    check_columns(frame, [x, y, *also])
    title = title_of(without_what_ifs(frame))
    frame = without_what_ifs(frame)
    keys = keys_of(frame, [x, y, *also], asked)
    values = [name for name in dict.fromkeys((x, y)) if name not in keys]
    points = _values(frame, keys, values, asked)
    for name in values:
        if points[name].isna().all():
            raise InputError(f"column {name!r} is empty in every row: there is nothing to draw")
    if asked.normalize is not None:
        points = relative(
            points, values, asked.normalize, within=asked.facet, inverse=asked.inverse
        )
    axes = [name for name in (x, y, *also) if name in keys]
    arrangement = arranged(
        points, _apart(points, keys, axes), asked.page, by=asked.colour, facet=asked.facet,
        aggregate=asked.aggregate, most_lines=most_lines,
    )  # fmt: skip
    is_ratio = asked.normalize is not None and not asked.inverse
    said = [f"relative to {asked.baseline}" if is_ratio else "", arrangement.words]
    note = ", ".join(each for each in said if each)
    return Points(arrangement.together(points, axes, values), arrangement, note, title)


def keys_of(frame: pd.DataFrame, axes: Sequence[str], asked: Asked) -> list[str]:
    """Return the columns that tell one point from another."""
    within = [name for name in (LAYER, "image") if name in (*axes, asked.by, *asked.facet)]
    return [*axis_columns(frame), *within]


def _values(frame: pd.DataFrame, keys: list[str], values: list[str], asked: Asked) -> pd.DataFrame:
    """Return a row for each point, and with `network` rows of all layers after them."""
    points = _merged(frame, keys, values)
    if not asked.network or LAYER not in keys:
        return points
    whole = _merged(frame, [key for key in keys if key != LAYER], values).assign(layer=NETWORK)
    return pd.concat([points, whole], ignore_index=True)[points.columns]


def _merged(frame: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    if not values:
        return frame[keys].drop_duplicates().reset_index(drop=True)
    found = [value_by(frame, keys, name) for name in values]
    for name, own in zip(values[1:], found[1:], strict=True):
        found[0] = found[0].assign(**{name: own[name]})  # rows of groups in the same order
    return found[0]


def _apart(points: pd.DataFrame, keys: Sequence[str], axes: Sequence[str]) -> list[str]:
    """Return the columns whose values make one line or another."""
    apart = [key for key in keys if key not in axes]
    swept = [name for name in axes if name not in IDENTITY]
    if not swept:
        return apart
    # A name made anew for every value of what was swept parts no line. Nor does what a what-if's
    # masks are: thresholds moved by 0 are the captured ones.
    of_traces = any(name.startswith("trace.") for name in swept)
    names = (*NAMES, "mask_source") if of_traces else NAMES
    made = [key for key in names if key in apart and points[key].nunique() > 1]
    return [key for key in apart if key not in made or not is_determined(points, swept, key)]
