"""Figures of a table of results: what every design or layer spends, or one column over another."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from pgsim.errors import InputError, nearest
from pgsim.plots.columns import (
    NAMES,
    axis_columns,
    check_columns,
    column_of,
    is_determined,
    labels_of,
    per_image,
    title_of,
    told_apart,
    value_by,
)
from pgsim.plots.drawing import (
    BLACK,
    BLUE,
    ENERGY,
    ENERGY_NOTE,
    GREEN,
    INCHES_PER_LINE,
    LATENCY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    breakdowns,
    larger_unit,
    si_ticks,
    wrapped,
    write_figure,
)
from pgsim.results import SUMMED

_STYLES = tuple(
    (line, marker, colour)
    for (line, marker), colour in product(
        (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D")),
        (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK),
    )
)
_MOST_BARS = 200
_TITLE_WIDTH = 110
_NEEDED = ("arch", "trace", "mask_source", "scheme", "images")


def plot_results(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    x: str | None = None,
    y: str | None = None,
    by: str = "design",
) -> None:
    """Write the figure of `draw_results` as png, svg or pdf, by the path's suffix.

    Raises InputError as `draw_results` does, for another suffix, or a folder that cannot be
    written.
    """
    write_figure(draw_results(frame, x=x, y=y, by=by), path)


def draw_results(
    frame: pd.DataFrame, *, x: str | None = None, y: str | None = None, by: str = "design"
) -> Figure:
    """Return a figure of a table that `simulate`, `compare` or `sweep` made, per image.

    Without x and y: stacked latency and energy, a bar for each design (by ``design``) or for each
    of its layers (by ``layer``). With both: column y over axis column x, a line for each design,
    or layer of it. Sums over layers are per image; ratios are recomputed. Units are those of
    `results.COLUMNS`. Raises InputError for a column that is not there or cannot be drawn, with
    those that can, and for more bars or lines than one figure shows.
    """
    if by not in ("design", "layer"):
        raise InputError(f"by: expected design or layer, not {by!r}.{nearest(by, ['design', 'layer'])}")
    if (x is None) != (y is None):
        raise InputError(f"x and y go together: give {'x' if x is None else 'y'} too, or neither")
    check_columns(frame, [*_NEEDED, *(["layer"] if by == "layer" else [])])
    if x is None or y is None:
        return _draw_breakdowns(frame, by)
    return _draw_lines(frame, x, y, by)


def _draw_breakdowns(frame: pd.DataFrame, by: str) -> Figure:
    parts = [*LATENCY, *ENERGY, "cycles", "time_us"]
    check_columns(frame, parts)
    designs = axis_columns(frame)
    rows = per_image(frame, [*designs, *(["layer"] if by == "layer" else [])], parts)
    if len(rows) > _MOST_BARS:
        raise InputError(
            f"{len(rows)} bars do not fit in one figure, at most {_MOST_BARS} do; "
            f"choose rows of the table, or give x and y"
        )
    labels = labels_of(rows, told_apart(rows, designs))
    if by == "layer":
        several = len(rows[designs].drop_duplicates()) > 1
        layers = rows["layer"].astype(str)
        labels = [
            f"{layer}: {design}" if several else layer
            for layer, design in zip(layers, labels, strict=True)
        ]
    labels = [wrapped(label) for label in labels]
    lines = max(label.count("\n") + 1.5 for label in labels) * len(labels)
    figure = Figure(figsize=(11, INCHES_PER_LINE * lines + 1.6), layout="constrained")
    latency, energy = figure.subplots(1, 2)
    breakdowns(latency, energy, rows, labels)
    _set_title(figure, frame)
    return figure


def _draw_lines(frame: pd.DataFrame, x: str, y: str, by: str) -> Figure:
    check_columns(frame, [x, y])
    axes_of_designs = axis_columns(frame)
    possible = [*axes_of_designs, *(name for name in ("layer", "image") if name in frame.columns)]
    if x not in possible:
        raise InputError(f"x: expected one of {', '.join(possible)}, not {x!r}.{nearest(x, possible)}")
    table = _without_what_if(frame, x)
    keys = list(dict.fromkeys([*axes_of_designs, x, *(["layer"] if by == "layer" else [])]))
    points = value_by(table, keys, y)
    if points[y].isna().all():
        raise InputError(f"column {y!r} is empty in every row: there is nothing to draw")
    # A name that only follows x, such as that of a design made for each value, starts no new line.
    apart = [
        key for key in keys if key != x and not (key in NAMES and is_determined(points, [x], key))
    ]
    shown = told_apart(points, apart)
    labels = labels_of(points, shown)
    groups = list(points.groupby(np.asarray(labels, dtype=object), sort=False))
    if len(groups) > len(_STYLES):
        raise InputError(
            f"{len(groups)} lines do not fit in one figure, at most {len(_STYLES)} do; "
            f"choose rows of the table"
        )
    figure = Figure(figsize=(9, max(5.0, 2.5 + 0.4 * len(groups))), layout="constrained")
    axes = figure.subplots()
    unit, size = larger_unit(column_of(y).unit, float(points[y].abs().max()))
    places = _place_x(axes, points[x])
    for (label, group), (line, marker, colour) in zip(groups, _STYLES, strict=False):
        order = places[group.index].sort_values()
        axes.plot(
            order.to_numpy(), (group[y][order.index] / size).to_numpy(),
            ls=line, marker=marker, color=colour, label=wrapped(str(label)),
        )  # fmt: skip
    _label_axes(axes, x, y, unit)
    if len(groups) > 1:
        figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    _set_title(figure, frame)
    return figure
