"""A figure of the field's precision systems: the energy of an image over its time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pgsim.plots.drawing import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    larger_unit,
    wrapped,
    write_figure,
)
from pgsim.plots.naming import Box, placed_names
from pgsim.results.system_kinds import KINDS

if TYPE_CHECKING:
    from pgsim.study.systems.field_table import Entry, FieldTable

_INCHES = (9.5, 7.0)
_LETTERS = 8  # points
_TITLE_WIDTH = 140
_LOOKS = dict(
    zip(
        KINDS,
        (("o", BLUE), ("s", VERMILLION), ("D", GREEN), ("^", ORANGE), ("v", PURPLE)),
        strict=True,
    )
)
_PART = "*"


def plot_systems(found: FieldTable, path: str | Path) -> None:
    """Write a figure of the energy of every system over its time, as png, svg or pdf.

    Parameters
    ----------
    found : FieldTable
        What `pgsim.systems` returned.
    path : str or Path
        What is written; its suffix chooses the format.

    Raises
    ------
    InputError
        For another suffix, or a folder that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import systems
    >>> with TemporaryDirectory() as folder:
    ...     plot_systems(systems("resnet20", names=("Uniform 8",)), f"{folder}/systems.png")
    ...     Path(f"{folder}/systems.png").is_file()
    True
    """
    write_figure(draw_systems(found), path)


def draw_systems(found: FieldTable) -> Figure:
    """Return a figure: a mark for each system, named, with its accuracy; hollow if untrained."""
    figure = Figure(figsize=_INCHES)
    figure.subplots_adjust(left=0.09, right=0.98, bottom=0.15, top=0.85)
    axes = figure.subplots()
    spent = [(_of_image(each, "time_us"), _of_image(each, "energy_pj")) for each in found.entries]
    (time_unit, microseconds), (energy_unit, picojoules) = (
        larger_unit(unit, max(values))
        for unit, values in zip(("us", "pJ"), zip(*spent, strict=True), strict=True)
    )
    places = [(time / microseconds, energy / picojoules) for time, energy in spent]
    for entry, (time, energy) in zip(found.entries, places, strict=True):
        marker, colour = _LOOKS[entry.system.kind]
        fill = colour if entry.accuracy >= 0 else "white"
        axes.plot(time, energy, marker, color=colour, mfc=fill, ms=6, mew=1.2, zorder=3)
    axes.set_xlabel(f"time of an image, {time_unit}", fontsize=9)
    axes.set_ylabel(f"energy of an image, {energy_unit}", fontsize=9)
    _scale(axes)
    _write_names(axes, [_label(each) for each in found.entries], places)
    _explain(figure, found)
    return figure


def _of_image(entry: Entry, column: str) -> float:
    return float(entry.result.summary[column] / entry.result.images)


def _scale(axes: Axes) -> None:
    """Make both axes logarithmic, with ticks at 1, 2 and 5."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(0.12)
    axes.autoscale_view()  # now, because names are placed by where marks stand
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(lw=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _label(entry: Entry) -> str:
    accuracy = f", {100 * entry.accuracy:.1f}%" if entry.accuracy >= 0 else ""
    return f"{entry.system.name}{_PART if entry.missing else ''}{accuracy}"


def _black(marker: str, label: str) -> Line2D:
    return Line2D([], [], ls="none", marker=marker, mfc="white", color=BLACK, label=label)


def _explain(figure: Figure, found: FieldTable) -> None:
    kinds = dict.fromkeys(each.system.kind for each in found.entries)
    handles = [
        Line2D([], [], ls="none", marker=_LOOKS[kind][0], color=_LOOKS[kind][1], label=kind)
        for kind in kinds
    ]
    handles.append(_black("o", "not trained"))
    if found.in_part:
        handles.append(_black("*", "a part of the network ran"))
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=4,
        fontsize=8,
        frameon=False,
        handletextpad=0.2,
    )
    head = (
        f"{found.network}: {found.area_mm2:.3f} mm2 of logic, {found.gb_per_s:g} GB/s of "
        "DRAM, each system at its own clock"
    )
    text = "\n".join(wrapped(line, _TITLE_WIDTH) for line in (head, found.finding))
    figure.suptitle(text, x=0.01, y=0.99, ha="left", va="top", fontsize=9)


def _write_names(axes: Axes, names: Sequence[str], places: Sequence[tuple[float, float]]) -> None:
    """Write each name beside its mark. Those of marks on each other stand below each other."""
    points = [(x, y) for x, y in axes.transData.transform(places) * 72 / axes.figure.dpi]
    corners = axes.bbox.get_points() * 72 / axes.figure.dpi
    frame = Box(*corners[0], *corners[1])
    for text, first, own in placed_names(names, points, frame, _LETTERS):
        is_right = own.way[0] > 0
        side = 0 if is_right else 1  # that is next to the mark
        line = {"arrowstyle": "-", "lw": 0.4, "shrinkA": 0, "shrinkB": 3, "relpos": (side, 0.5)}
        axes.annotate(
            text, places[first], own.way, textcoords="offset points", fontsize=_LETTERS,
            ha="left" if is_right else "right", va="center", zorder=4,
            arrowprops=line if own.is_far else None,
        )  # fmt: skip
