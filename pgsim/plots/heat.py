"""Heat maps: a result over two swept columns, such as the utilization of array shapes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pgsim.errors import InputError, nearest
from pgsim.plots.arranging import panels_of
from pgsim.plots.asked import DESIGN, Asked, asked_of, parting_columns, points_of
from pgsim.plots.cells import bar_inches, draw_cells, mark_cells, name_colours
from pgsim.plots.drawing import larger_unit, write_figure
from pgsim.plots.marks import hollow_of
from pgsim.plots.scales import Scale, label_of
from pgsim.plots.sheets import Sheet, room_of
from pgsim.results.accuracies import where_asked
from pgsim.results.columns import checked_table
from pgsim.results.conditions import chosen_rows
from pgsim.results.designs import column_of

X, Y, VALUE = "array.columns", "array.rows", "pe_utilization"


def plot_heat_map(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    value: str = VALUE,
    x: str = X,
    y: str = Y,
    where: Sequence[str] = (),
    facet: str | Sequence[str] = (),
    aggregate: str | None = None,
    normalize: str | None = None,
    width: str | None = None,
) -> None:
    """Write a figure of a result over two columns that a sweep varied, as colours and numbers.

    Parameters
    ----------
    frame : DataFrame
        A table that `sweep` made.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    value : str
        A column of numbers, by default the utilization of the array.
    x, y : str
        Columns whose values stand side by side, by default those of the array's shape.
    where, facet, aggregate, normalize, width
        As in `plot_results`. Without further words every panel has one value in a cell: what a
        sweep varied besides has panels, or is averaged.

    Raises
    ------
    InputError
        As `plot_results` does.

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import load_arch, simulate
    >>> shapes = [{"array.rows": rows, "array.columns": 8} for rows in (4, 8)]
    >>> tables = [
    ...     simulate("digits_pg_4_2", load_arch("pg_os").override(shape)).layers.assign(**shape)
    ...     for shape in shapes
    ... ]
    >>> with TemporaryDirectory() as folder:
    ...     plot_heat_map(pd.concat(tables), f"{folder}/shapes.png", aggregate="mean")
    ...     Path(f"{folder}/shapes.png").is_file()
    True
    """
    figure = draw_heat_map(
        frame, value=value, x=x, y=y, where=where, facet=facet, aggregate=aggregate,
        normalize=normalize, width=width,
    )  # fmt: skip
    write_figure(figure, path)


def draw_heat_map(
    frame: pd.DataFrame,
    *,
    value: str = VALUE,
    x: str = X,
    y: str = Y,
    where: Sequence[str] = (),
    facet: str | Sequence[str] = (),
    aggregate: str | None = None,
    normalize: str | None = None,
    width: str | None = None,
) -> Figure:
    """Return a figure of a result over two columns; arguments are those of `plot_heat_map`."""
    frame = chosen_rows(where_asked(checked_table(frame, "the table"), [value]), where)
    asked = asked_of(
        frame, by=DESIGN, facet=facet, aggregate=aggregate, normalize=normalize, log=None,
        width=width, network=False,
    )  # fmt: skip
    _check_axes(frame, x, y, value)
    return _draw(frame, value, x, y, asked)


def _check_axes(frame: pd.DataFrame, x: str, y: str, value: str) -> None:
    possible = parting_columns(frame)
    for word, name in (("x", x), ("y", y)):
        if name not in possible:
            raise InputError(
                f"{word}: expected a column that a sweep varied, one of {', '.join(possible)}, "
                f"not {name!r}.{nearest(name, possible)}"
            )
    if x == y:
        raise InputError(f"x and y: expected different columns, not {x!r} twice")
    if value in possible:
        raise InputError(f"{value!r} cannot be drawn: expected a column of results")


def _draw(frame: pd.DataFrame, value: str, x: str, y: str, asked: Asked) -> Figure:
    points = points_of(frame, x, value, asked, most_lines=1, also=[y])
    across, up = _side_by_side(points.frame[x]), _side_by_side(points.frame[y])
    ratio = asked.normalize is not None
    unit, size = larger_unit(column_of(value).unit, float(points.frame[value].abs().max()))
    unit, size = ("", 1.0) if ratio else (unit, size)
    values = points.frame[value] / size
    least, most = float(values.min()), float(values.max())
    panels = panels_of(points.frame, points.arrangement)
    hollow, caution = hollow_of(points.frame)
    page = asked.page
    sheet = Sheet(panels, page, room=room_of([], page), beside=bar_inches(page))
    for axes, panel in zip(sheet.axes, panels, strict=True):
        cells = np.full((len(up.words), len(across.words)), np.nan)
        rows = panel.points.index
        cells[up.places[rows].to_numpy(int), across.places[rows].to_numpy(int)] = values[rows]
        image = draw_cells(axes, cells, (least, most), sheet)
        if caution and not hollow[rows].all():  # else the heading says it
            mark_cells(axes, up.places[rows[hollow[rows]]], across.places[rows[hollow[rows]]])
    sheet.set_scales(across, up)
    name_colours(image, label_of(value, unit, points.note), sheet)
    sheet.set_title("\n".join([points.title, *([f"dashed edges: {caution}"] if caution else [])]))
    return sheet.figure


def _side_by_side(values: pd.Series[int]) -> Scale:
    """Return an axis on which every value has a cell: numbers in order, words as in the table."""
    is_number = pd.api.types.is_numeric_dtype(values)
    places, names = pd.factorize(values, sort=is_number, use_na_sentinel=False)
    return Scale(pd.Series(places, index=values.index), str(values.name), tuple(map(str, names)))
