"""Bars of a table: what every design or layer spends, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.errors import InputError, nearest
from pgsim.plots.arranging import Arrangement, Panel, arranged, panels_of
from pgsim.plots.asked import DESIGN, LAYER, Asked, keys_of
from pgsim.plots.drawing import INCHES_PER_LINE, bar_labels, wrapped
from pgsim.plots.pages import Page
from pgsim.plots.scales import NETWORK
from pgsim.plots.sheets import set_title
from pgsim.plots.stacks import BOTH, BREAKDOWNS, Stack, draw_stack
from pgsim.results.designs import (
    check_columns,
    labels_of,
    per_image,
    title_of,
    told_apart,
    without_what_ifs,
)
from pgsim.results.relative import relative

_MOST_BARS = 200


def check_parts(parts: Sequence[str]) -> list[str]:
    """Return the breakdowns to draw; raises InputError for one that there is not, or for none."""
    for name in parts:
        if name not in BREAKDOWNS:
            raise InputError(
                f"parts: expected one of {', '.join(BREAKDOWNS)}, not {name!r}."
                f"{nearest(name, BREAKDOWNS)}"
            )
    if not parts:
        raise InputError(f"parts: expected one or more of {', '.join(BREAKDOWNS)}")
    return list(dict.fromkeys(parts))


def draw_bars(frame: pd.DataFrame, parts: Sequence[str], asked: Asked) -> Figure:
    """Return a figure of stacked bars, a column of panels for every breakdown.

    Raises InputError for more bars than one figure shows.
    """
    title = title_of(_short(frame, asked))
    needed = list(dict.fromkeys(name for part in parts for name in BREAKDOWNS[part][0]))
    check_columns(frame, needed)
    needed += [BOTH] if BOTH in frame else []
    rows, arrangement = _rows(frame, needed, asked)
    stacks = [BREAKDOWNS[part][1](rows) for part in parts]
    rows = rows.drop(columns=needed)
    if asked.normalize is not None:
        stacks = [_relative(stack, rows, asked) for stack in stacks]
    stacks = [_together(stack, rows, arrangement).scaled() for stack in stacks]
    rows = arrangement.together(rows.assign(_=0), [], ["_"])
    if len(rows) > _MOST_BARS:
        raise InputError(
            f"{len(rows)} bars do not fit in one figure, at most {_MOST_BARS} do; give where, by, "
            f"facet or aggregate, or x and y"
        )
    panels = panels_of(rows, arrangement)
    labels = _labels(rows, list(arrangement.lines), asked)
    across = len(stacks) if _are_beside(len(stacks), asked.page) else 1
    beside = max(len(line) for label in labels for line in label.splitlines() or [""])
    inches = (asked.page.inches - beside * 0.58 * asked.page.small / 72) / across - 0.15
    letters = asked.page.characters(inches / asked.page.inches, asked.page.small)
    panels = [replace(each, heading=wrapped(each.heading, letters)) for each in panels]
    heights = [_height(labels[panel.points.index], panel, asked.page) for panel in panels]
    figure, grid = _figure(heights, len(stacks), asked.page)
    reach: list[list[tuple[float, float]]] = []
    for row, panel in zip(grid, panels, strict=True):
        for axes, stack in zip(row, stacks, strict=True):
            _draw_panel(
                axes, panel, stack, labels, asked.page, inches, named=axes is row[0] or across == 1
            )
        reach.append([axes.get_xlim() for axes in row])  # before the next panel has its own
    _tidy(grid, reach)
    for row, panel, height in zip(grid, panels, heights, strict=True):
        _head(row, row if across == 1 else row[:1], panel, height, asked.page)
    set_title(figure, "\n".join(each for each in (title, arrangement.words) if each), asked.page)
    return figure


def _rows(frame: pd.DataFrame, needed: list[str], asked: Asked) -> tuple[pd.DataFrame, Arrangement]:
    """Return a row for each design or layer, per image, and which of them have a bar together."""
    short = _short(frame, asked)
    keys = keys_of(short, [], asked)
    rows = per_image(short, keys, needed)
    if asked.network and LAYER in keys:
        whole = per_image(short, [key for key in keys if key != LAYER], needed)
        both = pd.concat([rows, whole.assign(layer=NETWORK)], ignore_index=True)[rows.columns]
        designs = both.groupby([key for key in keys if key != LAYER], sort=False, dropna=False)
        order = designs.ngroup().argsort(kind="stable")  # the network after its layers
        rows = both.loc[order].reset_index(drop=True)
    layered = asked.by == LAYER
    chosen = None if layered and len(rows) <= asked.page.most_bars else asked.colour
    how = asked.aggregate or ("mean" if chosen else None)
    apart = [key for key in keys if key not in (LAYER, *asked.facet)]
    found = arranged(
        rows, apart, asked.page, by=chosen, facet=asked.facet, aggregate=how, most_lines=_MOST_BARS
    )
    if layered and chosen is None:
        found = Arrangement(found.facets, (*found.lines, LAYER), found.over, page=asked.page)
    return rows, found


def _short(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return a table whose traces have their short names where what-ifs are taken together."""
    return without_what_ifs(frame) if asked.aggregate or asked.by != DESIGN else frame


def _relative(stack: Stack, rows: pd.DataFrame, asked: Asked) -> Stack:
    """Return a breakdown of which every part is divided by the whole of a baseline."""
    total = rows.assign(_total=stack.totals)
    ratio = relative(total, ["_total"], str(asked.normalize), within=asked.facet)["_total"]
    # What is nothing stays nothing, whatever it is divided by.
    base = np.divide(stack.totals, ratio, out=np.ones(len(rows)), where=ratio.to_numpy(float) > 0)
    spent = stack.spent.div(base, axis=0)
    return stack._replace(spent=spent, unit="", against=asked.baseline)


def _together(stack: Stack, rows: pd.DataFrame, arrangement: Arrangement) -> Stack:
    """Return a breakdown of bars, of which each may stand for several rows."""
    parts = list(stack.spent.columns)
    return stack._replace(spent=arrangement.together(rows.join(stack.spent), [], parts)[parts])


def _labels(rows: pd.DataFrame, shown: list[str], asked: Asked) -> pd.Series[str]:
    """Return the label of every bar: a layer's name first, and whose it is where there are more."""
    names = [name for name in shown if name != LAYER]
    told = names if asked.by not in (DESIGN, LAYER) or asked.page.terse else told_apart(rows, names)
    designs = labels_of(rows, told)
    if LAYER in shown:
        told = [
            name for name in told if rows[name].nunique(dropna=False) > 1
        ]  # titles say the rest
        several, designs = bool(told), labels_of(rows, told)
        designs = [
            f"{layer}: {design}" if several else str(layer)
            for layer, design in zip(rows[LAYER], designs, strict=True)
        ]
    width = min(30, asked.page.characters(asked.page.label_part, asked.page.small))
    return pd.Series([wrapped(label, width) for label in designs], index=rows.index, dtype=object)


def _are_beside(stacks: int, page: Page) -> bool:
    """Say whether breakdowns stand side by side, and not above each other."""
    return stacks <= page.stacks_across


def _height(labels: pd.Series[str], panel: Panel, page: Page) -> float:
    """Return the inches that the bars of a panel need, and its heading."""
    lines = sum(label.count("\n") + 1.5 for label in labels)
    return INCHES_PER_LINE * lines * page.small / 8 + 0.35 + _head_inches(panel, page)


def _head_inches(panel: Panel, page: Page) -> float:
    lines = panel.heading.count("\n") + 1 if panel.heading else 0
    return INCHES_PER_LINE * lines * page.small / 8


def _figure(heights: list[float], stacks: int, page: Page) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its axes, for each panel of a height one of each breakdown."""
    beside = _are_beside(stacks, page)
    across = stacks if beside else 1
    legend = 0.55
    total = (sum(heights) + 0.35 * len(heights) + legend) * (1 if beside else stacks) + 0.9
    figure = Figure(figsize=(page.inches, total), layout="constrained", dpi=page.dots)
    ratios = heights if beside else heights * stacks
    grid = figure.subplots(
        len(ratios), across, squeeze=False, height_ratios=ratios, sharex="col" if beside else False
    )
    if beside:
        return figure, [list(row) for row in grid]
    panels = len(heights)
    return figure, [
        [grid[number * panels + place][0] for number in range(stacks)] for place in range(panels)
    ]


def _draw_panel(
    axes: Axes,
    panel: Panel,
    stack: Stack,
    labels: pd.Series[str],
    page: Page,
    inches: float,
    named: bool,
) -> None:
    """Draw the bars of a panel; inches: how wide it is, named: whether bars have their labels."""
    rows = panel.points.index
    own = stack._replace(spent=stack.spent.loc[rows])
    draw_stack(axes, own, [""] * len(rows), page, inches)
    bar_labels(axes, labels[rows].tolist() if named else [""] * len(rows), page)


def _tidy(
    grid: Sequence[Sequence[Axes]],
    reached: Sequence[Sequence[tuple[float, float]]],
) -> None:
    """Leave names of parts to the first panel, and of axes to the last.

    reached: how far each axis was needed, by panels and breakdowns; all panels show the most.
    """
    reach = [(min(own)[0], max(end for _, end in own)) for own in zip(*reached, strict=True)]
    for place, row in enumerate(grid):
        for number, axes in enumerate(row):
            axes.set_xlim(*reach[number])
            if place and (legend := axes.get_legend()):
                legend.remove()
            if place < len(grid) - 1:
                axes.set_xlabel("")


def _head(
    row: Sequence[Axes], named: Sequence[Axes], panel: Panel, height: float, page: Page
) -> None:
    """Make room for the heading of a panel of so many inches, and write it in some of its axes."""
    if not panel.heading:
        return
    head = _head_inches(panel, page)
    for axes in row:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top - (bottom - top) * head / (height - head))
    for axes in named:
        axes.text(
            1, 1, panel.heading, transform=axes.transAxes, ha="right", va="top",
            fontsize=page.small,
        )  # fmt: skip
