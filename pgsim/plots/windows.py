"""A figure of what each window costs a gated layer, and of the channels that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pgsim.plots.drawing import (
    BLACK,
    GREY,
    LATENCY,
    VERMILLION,
    larger_unit,
    short,
    si_ticks,
    wrapped,
    write_figure,
)

if TYPE_CHECKING:
    from pgsim.study.window_trade import Point, WindowTrade

_HIGHEST = 2  # times the fixed order's value: what is higher is cut off
_WIDTH = 6.4  # inches: legible in one column of a paper, and in two
_LABEL_INCHES = 0.13  # of a window's number along the axis
_TITLE_WIDTH = 88
_BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}


class _Mark(NamedTuple):
    """How a point is marked and named, and how far from it its name stands, in 1/72 inch."""

    point: Point
    name: str
    marker: str
    colour: str
    face: str
    size: float
    away: tuple[float, float]


def plot_windows(trade: WindowTrade, path: str | Path) -> None:
    """Write a figure of what each window costs a gated layer, as png, svg or pdf.

    Parameters
    ----------
    trade : WindowTrade
        What `pgsim.windows` returned.
    path : str or Path
        What is written; its suffix chooses the format.

    Raises
    ------
    InputError
        For another suffix, or a folder that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import windows
    >>> with TemporaryDirectory() as folder:
    ...     plot_windows(windows("digits_pg_4_2", "pg_os", "conv5"), f"{folder}/windows.png")
    ...     Path(f"{folder}/windows.png").is_file()
    True
    """
    write_figure(draw_windows(trade), path)


def draw_windows(trade: WindowTrade) -> Figure:
    """Return a figure: cycles of an image by window, and below them the channels of a block.

    A bar is the best nest of its window. Windows stand side by side, because those between them
    are no blocks of the layer. What is to be least has a panel of its own unless it is cycles.
    """
    of_cycles = trade.objective.is_cycles
    heights = [2.9, 1.1] if of_cycles else [1.8, 2.9, 1.1]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 1.6), layout="constrained")
    *above, below = figure.subplots(len(heights), sharex=True, height_ratios=heights)
    _draw_cycles(above[-1], trade)
    if not of_cycles:
        _draw_value(above[0], trade)
    _draw_lanes(below, trade)
    _name_windows(below, trade)
    for axes in (*above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.margins(x=0.01)
    figure.legend(
        *above[-1].get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize=8,
        frameon=False, handlelength=1, columnspacing=1,
    )  # fmt: skip
    figure.suptitle(_title(trade), x=0.01, ha="left", fontsize=9)
    return figure


def _draw_cycles(axes: Axes, trade: WindowTrade) -> None:
    images = len(trade.images)
    bottom = np.zeros(len(trade.points))
    for mark in _marks(trade):
        said = [f"{short(trade.cycles(mark.point))} cycles"]
        if not trade.objective.is_cycles:
            value, unit = _in_unit(trade, trade.value(mark.point))
            said.append(f"{short(value)} {unit}")
        _draw_mark(axes, trade, mark, trade.cycles(mark.point), f"{mark.name}: {', '.join(said)}")
    for column, (name, colour) in LATENCY.items():
        heights = np.array([each.counts[column] / images for each in trade.points])
        axes.bar(range(len(heights)), heights, bottom=bottom, width=0.86, color=colour, label=name)
        bottom += heights
    _cut_off(axes, bottom.tolist(), trade.cycles(trade.fixed))
    axes.set_ylabel("cycles per image", fontsize=9)


def _draw_value(axes: Axes, trade: WindowTrade) -> None:
    values = [_in_unit(trade, trade.value(each))[0] for each in trade.points]
    axes.bar(range(len(values)), values, width=0.86, color=GREY)
    for mark in _marks(trade):
        _draw_mark(axes, trade, mark, _in_unit(trade, trade.value(mark.point))[0])
    fixed, unit = _in_unit(trade, trade.value(trade.fixed))
    _cut_off(axes, values, fixed)
    axes.set_ylabel(f"{trade.objective.description},\n{unit} per image", fontsize=9)


def _in_unit(trade: WindowTrade, value: float) -> tuple[float, str]:
    """Return an objective's value in the unit that suits the chosen one, and that unit."""
    unit, size = larger_unit(trade.objective.unit, trade.value(trade.chosen))
    return value / size, unit


def _draw_lanes(axes: Axes, trade: WindowTrade) -> None:
    """Draw the lanes that fit beside each window, and those that its best block has."""
    _, lanes = trade.slots_and_lanes
    places = range(len(trade.points))
    axes.bar(
        places, [each.room for each in trade.points], width=0.86, color="white", ec=GREY, lw=0.8,
        label=f"{lanes} whose sums fit",
    )  # fmt: skip
    axes.bar(
        places, [each.lanes for each in trade.points], width=0.5, color=GREY,
        label=f"{lanes} of the best block",
    )  # fmt: skip
    axes.legend(
        fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2,
        borderaxespad=0.1, handlelength=1,
    )  # fmt: skip
    for mark in _marks(trade):
        _draw_mark(axes, trade, mark._replace(name=""), mark.point.lanes)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_ylabel(lanes, fontsize=9)


def _marks(trade: WindowTrade) -> list[_Mark]:
    """Return the fixed order and what is chosen; at one place both can be seen."""
    marks = [_Mark(trade.fixed, "fixed order", "D", VERMILLION, "white", 9, (-4, 24))]
    if trade.chosen is not trade.fixed:
        name = "given" if trade.given else "chosen"
        marks.append(_Mark(trade.chosen, name, "*", BLACK, BLACK, 7, (-9, 6)))
    return marks


def _draw_mark(axes: Axes, trade: WindowTrade, mark: _Mark, value: float, label: str = "") -> None:
    """Mark a point at its window, or between those beside it."""
    slots = [each.slots for each in trade.points]
    place = float(np.interp(mark.point.slots, slots, range(len(slots))))
    axes.plot(
        place, value, mark.marker, color=mark.colour, ms=mark.size, mew=1.4, zorder=3, ls="",
        mfc=mark.face, label=label or "_", clip_on=False,
    )  # fmt: skip
    if not mark.name:
        return
    is_left = place < 0.2 * len(slots)  # its name has room on the right of it
    across, up = mark.away
    axes.annotate(
        mark.name, (place, value), (-across if is_left else across, up), zorder=4, fontsize=8,
        textcoords="offset points", ha="left" if is_left else "right", va="bottom",
        bbox=_BEHIND, arrowprops={"arrowstyle": "-", "lw": 0.6, "shrinkA": 0},
    )  # fmt: skip


def _cut_off(axes: Axes, values: Sequence[float], fixed: float) -> None:
    """Cut bars off that are far above the fixed order, and write how high they are."""
    top = min(_HIGHEST * max(fixed, min(values)), 1.25 * max(*values, fixed))
    axes.set_ylim(0, top)
    for place, value in enumerate(values):
        if value > top:
            axes.annotate(
                short(value), (place, top), (0, 2), textcoords="offset points", rotation=90,
                ha="center", va="bottom", fontsize=6, annotation_clip=False,
            )  # fmt: skip
    si_ticks(axes.yaxis)


def _name_windows(axes: Axes, trade: WindowTrade) -> None:
    """Write the windows along the axis, as many as there is room for."""
    slots, _ = trade.slots_and_lanes
    every = max(1, ceil(len(trade.points) * _LABEL_INCHES / (0.85 * _WIDTH)))
    shown = range(0, len(trade.points), every)
    axes.set_xticks(shown, [f"{trade.points[place].slots:,}" for place in shown], rotation=90)
    axes.set_xlabel(f"window, {slots} of a block (side by side, not to scale)", fontsize=9)


def _title(trade: WindowTrade) -> str:
    """Return what was looked at, and what was found."""
    first, last = trade.images[0], trade.images[-1]
    images = f"image {first}" if first == last else f"images {first} to {last}"
    head = (
        f"{trade.layer} of {trade.trace.name} ({images}, {trade.mask_source.words}) on "
        f"{trade.arch.name}, {trade.scheme}"
    )
    return "\n".join(wrapped(line, _TITLE_WIDTH) for line in (head, trade.finding))
