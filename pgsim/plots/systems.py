"""A figure of the field's precision systems: the energy of an image over its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import cos, dist, hypot, pi, sin
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
from pgsim.results.system_kinds import KINDS

if TYPE_CHECKING:
    from pgsim.study.systems.table import Entry, FieldTable

_INCHES = (8.5, 6.0)
_LETTERS = 8  # points
_LETTER_WIDTH = 0.58 * _LETTERS
_TITLE_WIDTH = 126
_LOOKS = dict(
    zip(
        KINDS,
        (("o", BLUE), ("s", VERMILLION), ("D", GREEN), ("^", ORANGE), ("v", PURPLE)),
        strict=True,
    )
)
_RADII = (7, 14, 24, 36, 50, 66, 84, 104)  # points from a mark to its name
_DIRECTIONS = 16
_LINE = 100.0  # square points of a name, as bad as a line across one
_PART = "*"
_MARK = 5.0  # points: half of what a mark keeps free around it


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


def _explain(figure: Figure, found: FieldTable) -> None:
    kinds = dict.fromkeys(each.system.kind for each in found.entries)
    handles = [
        Line2D([], [], ls="none", marker=_LOOKS[kind][0], color=_LOOKS[kind][1], label=kind)
        for kind in kinds
    ]
    black = {"ls": "none", "color": BLACK}
    handles.append(Line2D([], [], marker="o", mfc="white", label="not trained", **black))
    if found.in_part:
        part = Line2D([], [], marker=(5, 2), label="a part of the network ran", **black)
        handles.append(part)
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


class _Box(NamedTuple):
    """A rectangle that something takes, in points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: _Box) -> float:
        """Return the area that both take."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    def crossed(self, start: tuple[float, float], way: tuple[float, float]) -> bool:
        """Say whether a line crosses it, looked at in steps."""
        steps = [
            (start[0] + way[0] * part / 16, start[1] + way[1] * part / 16) for part in range(16)
        ]
        return any(self.left < x < self.right and self.bottom < y < self.top for x, y in steps)

    def outside(self, frame: _Box) -> float:
        """Return the area of it that lies beyond a frame."""
        area = (self.right - self.left) * (self.top - self.bottom)
        return area - self.overlap(frame)


def _write_names(axes: Axes, names: Sequence[str], places: Sequence[tuple[float, float]]) -> None:
    """Write each name where it covers least of other names and marks, near its mark if it can.

    The names of marks that lie on each other stand below each other.
    """
    points = [(x, y) for x, y in axes.transData.transform(places) * 72 / axes.figure.dpi]
    corners = axes.bbox.get_points() * 72 / axes.figure.dpi
    frame = _Box(*corners[0], *corners[1])
    marks = [_Box(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in points]
    written: list[_Box] = []
    for first, heap in _heaps(points).items():
        text, mark = "\n".join(names[each] for each in heap), points[first]
        costs = {
            (across, up): _covered(_box(text, mark, (across, up)), [*marks, *written], frame)
            + _LINE * sum(each.crossed(mark, (across, up)) for each in written)
            for across, up in _ways()
        }
        across, up = min(costs, key=lambda way: costs[way])  # of equals the first, the nearest
        written.append(_box(text, mark, (across, up)))
        line = {"arrowstyle": "-", "lw": 0.4, "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            text, places[first], (across, up), textcoords="offset points", fontsize=_LETTERS,
            ha="left" if across > 0 else "right", va="center", zorder=4,
            arrowprops=line if hypot(across, up) > _RADII[1] + 1 else None,
        )  # fmt: skip


def _heaps(points: Sequence[tuple[float, float]]) -> dict[int, list[int]]:
    """Return the marks that lie on an earlier one, by the earliest of them."""
    heaps: dict[int, list[int]] = {}
    for place, point in enumerate(points):
        first = next((each for each in heaps if dist(points[each], point) < _MARK), place)
        heaps.setdefault(first, []).append(place)
    return heaps


def _covered(box: _Box, taken: Sequence[_Box], frame: _Box) -> float:
    """Return how much a name covers of what is there; beyond the frame it counts much."""
    return sum(map(box.overlap, taken)) + 9 * box.outside(frame)


def _ways() -> Iterator[tuple[float, float]]:
    """Yield the offsets of a name from its mark in points, the nearest first, none upright."""
    for radius, step in product(_RADII, range(_DIRECTIONS)):
        angle = 2 * pi * (step + 0.5) / _DIRECTIONS
        yield radius * cos(angle), radius * sin(angle)


def _box(text: str, mark: tuple[float, float], way: tuple[float, float]) -> _Box:
    """Return what lines of text take at an offset from a mark."""
    (x, y), (across, up), lines = mark, way, text.split("\n")
    width, half = _LETTER_WIDTH * max(map(len, lines)), 0.65 * _LETTERS * len(lines)
    left = x + across if across > 0 else x + across - width
    return _Box(left, y + up - half, left + width, y + up + half)
