"""Figures of a table of results: what every design or layer spends, or one column over another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from pgsim.errors import InputError
from pgsim.plots.asked import DESIGN, LAYER, Asked, asked_of, parting_columns, points_of
from pgsim.plots.bars import check_parts, draw_bars
from pgsim.plots.clouds import draw_cloud
from pgsim.plots.drawing import write_figure
from pgsim.plots.lines import draw_lines
from pgsim.results.accuracies import where_asked
from pgsim.results.columns import checked_table, is_of_front
from pgsim.results.conditions import chosen_rows
from pgsim.results.designs import axis_columns, check_columns, check_results, compared_in

_PARTS = ("latency", "energy")
_ALL = 10**9  # designs of a cloud: each has a mark, however many there are


def plot_results(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    x: str | None = None,
    y: str | None = None,
    by: str = DESIGN,
    where: Sequence[str] = (),
    facet: str | Sequence[str] = (),
    aggregate: str | None = None,
    normalize: str | None = None,
    speed_up: str | None = None,
    log: str | None = None,
    parts: Sequence[str] = _PARTS,
    network: bool = False,
    width: str | None = None,
) -> None:
    """Write a figure of a table that `simulate`, `compare`, `sweep` or `pareto` made, per image.

    Without `x` and `y` it shows stacked latency and energy, a bar for each design or layer; of
    more than 60 designs it shows energy over latency. With both it shows column `y` over column
    `x`: lines where `x` was swept, else a mark for each design, and the designs that none is
    better than. Without further words what would be too much for one panel is parted into several.

    Parameters
    ----------
    frame : DataFrame
        With the columns of `pgsim.COLUMNS`, whose units the figure shows.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    x, y : str, optional
        Any columns. Sums over layers are per image; ratios are recomputed. Words stand side by
        side, and no line joins them. `accuracy` may be missing: it is then what shipped traces
        state, as in `pareto`.
    by : str
        What has colours, or bars: `design`, `layer`, or a column such as `scheme`.
    where : sequence of str
        Conditions that rows have to meet: a column, one of = != < <= > >=, a value. Of several
        values that one column may equal, one is enough.
    facet : str or sequence of str
        One column or two whose values have a panel each, from left to right and from the top down.
    aggregate : str, optional
        `mean`, `sum`, `min` or `max` of all that axes, `by` and `facet` do not tell apart.
    normalize : str, optional
        Divides all by the first row of each panel (`first`), or by the row that a condition such
        as ``scheme=full`` names: where there are several, by the one that agrees in all else.
    speed_up : str, optional
        As `normalize`, but that the row is divided by all: more is better, and 1 is the row itself.
        For lines of a cost, such as `cycles`, over an `x` that was swept.
    log : str, optional
        `x`, `y`, `xy` or `none`: which axes are logarithmic. By default those that values of very
        different size need.
    parts : sequence of str
        What bars show: `latency`, `energy`, `dram` and `sram` (bytes moved).
    network : bool
        Whether the network stands beside its layers.
    width : str, optional
        `column` or `page`, the widths of one column and of two in print; else as on a screen.

    Raises
    ------
    InputError
        For a column, value or word that is not there or cannot be drawn, with those that can; for
        a cell that is not what `pgsim.COLUMNS` says of its column; for more bars or lines than one
        figure shows; for another suffix, or a folder that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> with TemporaryDirectory() as folder:
    ...     plot_results(simulate("digits_pg_4_2", "pg_ws").layers, f"{folder}/out.png", by="layer")
    ...     Path(f"{folder}/out.png").is_file()
    True
    """
    figure = draw_results(
        frame, x=x, y=y, by=by, where=where, facet=facet, aggregate=aggregate,
        normalize=normalize, speed_up=speed_up, log=log, parts=parts, network=network, width=width,
    )  # fmt: skip
    write_figure(figure, path)


def draw_results(
    frame: pd.DataFrame,
    *,
    x: str | None = None,
    y: str | None = None,
    by: str = DESIGN,
    where: Sequence[str] = (),
    facet: str | Sequence[str] = (),
    aggregate: str | None = None,
    normalize: str | None = None,
    speed_up: str | None = None,
    log: str | None = None,
    parts: Sequence[str] = _PARTS,
    network: bool = False,
    width: str | None = None,
) -> Figure:
    """Return a figure of a table that `simulate`, `compare` or `sweep` made, per image.

    Arguments and errors are those of `plot_results`. Units are those of `results.COLUMNS`.
    """
    if (x is None) != (y is None):
        raise InputError(f"x and y go together: give {'x' if x is None else 'y'} too, or neither")
    frame = checked_table(frame, "the table")
    check_results(frame)
    check_columns(frame, [LAYER] if by == LAYER or network else [])
    if x is None and is_of_front(frame.columns):
        x, y = _compared(frame)
    frame = chosen_rows(where_asked(frame, (x, y)), where)
    asked = asked_of(
        frame, by=by, facet=facet, aggregate=aggregate, normalize=normalize, log=log, width=width,
        network=network, speed_up=speed_up,
    )  # fmt: skip
    parts = check_parts(parts)
    if asked.inverse and (x is None or x not in parting_columns(frame)):
        raise InputError("speed_up: expected y, a cost such as cycles, over an x that was swept")
    if x is not None and y is not None:
        return _draw_points(frame, x, y, asked)
    if _has_too_many_bars(frame, asked):
        return _draw_designs(frame, asked)
    return draw_bars(frame, parts, asked)


def _compared(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the first two results of a table of a front, which has no parts for bars."""
    found = compared_in(frame)
    if len(found) < 2:
        raise InputError(
            "this table, which pareto wrote, has only the columns that it compared, and no parts "
            "of latency or energy: give x and y"
        )
    return found[0], found[1]


def _draw_points(frame: pd.DataFrame, x: str, y: str, asked: Asked) -> Figure:
    """Draw lines over what was swept, or a cloud of results."""
    check_columns(frame, [x, y])
    possible = parting_columns(frame)
    if x in possible and y not in possible:
        return draw_lines(points_of(frame, x, y, asked), x, y, asked)
    return draw_cloud(points_of(frame, x, y, asked, most_lines=_ALL), x, y, asked)


def _has_too_many_bars(frame: pd.DataFrame, asked: Asked) -> bool:
    if asked.by != DESIGN or asked.aggregate is not None or asked.facet:
        return False
    return len(frame[axis_columns(frame)].drop_duplicates()) > asked.page.most_bars


def _draw_designs(frame: pd.DataFrame, asked: Asked) -> Figure:
    """Draw energy over latency of designs that are too many for bars."""
    check_columns(frame, ["cycles", "time_us", "energy_pj"])
    clocks = (frame["cycles"] / frame["time_us"]).dropna()
    same = not len(clocks) or clocks.max() <= clocks.min() * (1 + 1e-9)
    return _draw_points(frame, "cycles" if same else "time_us", "energy_pj", asked)
