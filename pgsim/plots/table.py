"""Figures of a table of results: what every design or layer spends, or one column over another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
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
from pgsim.results import IDENTITY, SUMMED
from pgsim.results.columns import checked_table

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_DASHES = ("solid", "dashed", "dotted", "dashdot")
_MARKERS = ("o", "s", "^", "D", "v")
_MOST_LINES = len(_COLOURS) * len(_MARKERS)
_MOST_BARS = 200
_TITLE_WIDTH = 110
_LEGEND_WIDTH = 45
_NEEDED = ("arch", "trace", "mask_source", "scheme", "images")


def plot_results(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    x: str | None = None,
    y: str | None = None,
    by: str = "design",
) -> None:
    """Write a figure of a table that `simulate`, `compare` or `sweep` made, per image.

    Without `x` and `y` it shows stacked latency and energy, a bar for each design or layer. With
    both it shows column `y` over column `x`, a line for each.

    Parameters
    ----------
    frame : DataFrame
        With the columns of `pgsim.COLUMNS`, whose units the figure shows.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    x : str, optional
        A column that tells designs apart, such as a sweep's axis, or `layer`.
    y : str, optional
        A column of numbers. Sums over layers are per image; ratios are recomputed.
    by : str
        `design`, or `layer` for each layer of each design.

    Raises
    ------
    InputError
        For a column that is not there or cannot be drawn, with those that can; for a cell that is
        not what `pgsim.COLUMNS` says of its column; for more bars or lines than one figure shows;
        for another suffix, or a folder that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> with TemporaryDirectory() as folder:
    ...     plot_results(simulate("digits_pg_4_2", "pg_ws").layers, f"{folder}/out.png", by="layer")
    ...     Path(f"{folder}/out.png").is_file()
    True
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
    those that can; for a cell that is not what its column holds; and for more bars or lines than
    one figure shows.
    """
    if by not in ("design", "layer"):
        hint = nearest(by, ["design", "layer"])
        raise InputError(f"by: expected design or layer, not {by!r}.{hint}")
    if (x is None) != (y is None):
        raise InputError(f"x and y go together: give {'x' if x is None else 'y'} too, or neither")
    frame = checked_table(frame, "the table")
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
    points = _points(frame, x, y, by)
    shown = _parting(points, x)
    labels = np.asarray(labels_of(points, shown), dtype=object)
    lines = {str(label): line for label, line in points.groupby(labels, sort=False)}
    if len(lines) > _MOST_LINES:
        raise InputError(
            f"{len(lines)} lines do not fit in one figure, at most {_MOST_LINES} do; "
            f"choose rows of the table"
        )
    height = INCHES_PER_LINE * sum(_in_legend(label).count("\n") + 1.2 for label in lines)
    figure = Figure(figsize=(11, max(5.0, height + 1.5)), layout="constrained")
    axes = figure.subplots()
    unit, size = larger_unit(column_of(y).unit, float(points[y].abs().max()))
    places = _place_x(axes, points[x])
    looks = _looks(pd.concat([line[shown].head(1) for line in lines.values()]))
    # From thick to thin: lines that coincide still show.
    widths = np.linspace(2.2, 1.2, len(lines))
    for (label, line), look, width in zip(lines.items(), looks, widths, strict=True):
        colour, dashes, marker = look
        across = places[line.index].sort_values()
        up = line[y][across.index] / size
        axes.plot(
            across, up, color=colour, ls=dashes, lw=width, marker=marker, ms=4 * width, mew=1,
            mfc="none", label=_in_legend(label),
        )  # fmt: skip
    axes.set_xlabel(wrapped(x))
    axes.set_ylabel(_y_label(y, unit))
    if points[y].min() >= 0:
        axes.set_ylim(0, float(points[y].max()) / size * 1.05 or 1.0)
    si_ticks(axes.yaxis)
    axes.grid(axis="y", lw=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if len(lines) > 1:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1, 1), fontsize=8, frameon=False, handlelength=4,
        )  # fmt: skip
    _set_title(figure, _without_what_if(frame, x))
    return figure


def _y_label(y: str, unit: str) -> str:
    """Return name and meaning of a column, and below them its unit.

    A column called like its unit needs no more: ``cycles per image``.
    """
    about = wrapped(f"{y}: {column_of(y).meaning}".removesuffix(": "), 60)
    per_image_unit = f"{unit} per image" if y in SUMMED else unit
    return "\n".join(["" if y == unit else about, per_image_unit]).strip()


def _points(frame: pd.DataFrame, x: str, y: str, by: str) -> pd.DataFrame:
    """Return y of every design, or layer of it, at every x."""
    check_columns(frame, [x, y])
    designs = axis_columns(frame)
    possible = [*designs, *(name for name in ("layer", "image") if name in frame.columns)]
    if x not in possible:
        raise InputError(
            f"x: expected one of {', '.join(possible)}, not {x!r}.{nearest(x, possible)}"
        )
    keys = dict.fromkeys([*designs, x, *(["layer"] if by == "layer" else [])])
    points = value_by(_without_what_if(frame, x), list(keys), y)
    if points[y].isna().all():
        raise InputError(f"column {y!r} is empty in every row: there is nothing to draw")
    return points


def _parting(points: pd.DataFrame, x: str) -> list[str]:
    """Return the columns whose values make one line or another, as their labels show them."""
    apart = [str(key) for key in points.columns[:-1] if key != x]
    if x not in IDENTITY:  # a name made anew for every value of a swept x parts no line
        # So does what a what-if's masks are: thresholds moved by 0 are the captured ones.
        names = (*NAMES, "mask_source") if x.startswith("trace.") else NAMES
        made = [key for key in names if key in apart and points[key].nunique() > 1]
        apart = [key for key in apart if key not in made or not is_determined(points, [x], key)]
    return told_apart(points, apart)


def _looks(heads: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return colour, dashes and marker of every line, no two of them alike.

    heads: for each line a row of what parts it from the others. What a sweep varied has the
    colour, scheme and architecture have dashes and marker, or one of them both. Where something
    has more values than looks, every line has a colour and a marker of its own.
    """
    last = {"scheme": 1, "arch": 2}
    varying = [str(name) for name in heads.columns if heads[name].nunique(dropna=False) > 1]
    varying.sort(key=lambda name: last.get(name, 0))
    coloured, dashed, marked = varying[: max(1, len(varying) - 2)], varying[1:][-2:], varying[-1:]
    numbers = (_numbered(heads, names) for names in (coloured, dashed[:1], marked))
    looks = [_look(*each) for each in zip(*numbers, strict=True)]
    if len(set(looks)) == len(heads):
        return looks
    # 7 colours and 5 markers have no common factor: no two of the 35 lines look the same.
    return [_look(line, 0, line) for line in range(len(heads))]


def _look(colour: int, dashes: int, marker: int) -> tuple[str, str, str]:
    return (
        _COLOURS[colour % len(_COLOURS)],
        _DASHES[dashes % len(_DASHES)],
        _MARKERS[marker % len(_MARKERS)],
    )


def _numbered(heads: pd.DataFrame, names: list[str]) -> list[int]:
    """Return for every row the number of its values of some columns, in order of appearance."""
    if not names:
        return [0] * len(heads)
    return [int(n) for n in heads.groupby(names, sort=False, dropna=False).ngroup()]


def _in_legend(label: str) -> str:
    text = wrapped(label, _LEGEND_WIDTH)
    return f" {text}" if text.startswith("_") else text  # which Matplotlib leaves out of legends


def _without_what_if(frame: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return a table whose trace names do not repeat the bit width that is on the x axis.

    ``digits[weight_bits=4]`` at ``trace.weight_bits`` 4 is a point of the line ``digits``.
    """
    field = re.escape(x.removeprefix("trace."))
    names = frame["trace"].astype(str).str.replace(rf"(?<=[\[,]){field}=[^],]*,?", "", regex=True)
    names = names.str.replace(",]", "]", regex=False).str.replace("[]", "", regex=False)
    return frame.assign(trace=names) if x.startswith("trace.") else frame


def _place_x(axes: Axes, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return where values stand on the x axis: numbers to scale, words side by side."""
    if is_numeric_dtype(values) and not is_bool_dtype(values) and values.notna().all():
        distinct = np.unique(values)
        if len(distinct) > 1 and (distinct > 0).all() and (np.log2(distinct) % 1 == 0).all():
            axes.set_xscale("log", base=2)
            axes.set_xticks(distinct, [f"{value:g}" for value in distinct])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=bool((distinct % 1 == 0).all())))
            si_ticks(axes.xaxis)
        return values
    places, names = pd.factorize(values, use_na_sentinel=False)
    labels = [wrapped(str(name), 18) for name in names]
    crowded = sum(map(len, labels)) > 90
    axes.set_xticks(
        range(len(labels)), labels, fontsize=8, rotation=60 * crowded,
        ha="right" if crowded else "center",
    )  # fmt: skip
    return pd.Series(places, index=values.index)


def _set_title(figure: Figure, frame: pd.DataFrame) -> None:
    figure.suptitle(wrapped(title_of(frame), _TITLE_WIDTH), x=0.01, ha="left", fontsize=10)
