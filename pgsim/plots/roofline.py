"""A roofline: what layers reach, under the roofs of the array's peak and of DRAM's bandwidth."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan, degrees
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.arch import ArchConfig, load_arch
from pgsim.errors import InputError, nearest
from pgsim.plots.arranging import Panel
from pgsim.plots.asked import DESIGN, LAYER
from pgsim.plots.drawing import BLACK, short, write_figure
from pgsim.plots.marks import marks_of
from pgsim.plots.pages import Page, page_of
from pgsim.plots.scales import NETWORK, Scale
from pgsim.plots.sheets import Sheet, room_of
from pgsim.results.columns import checked_table
from pgsim.results.conditions import chosen_rows
from pgsim.results.designs import (
    axis_columns,
    check_columns,
    in_floats,
    title_of,
    told_apart,
    without_what_ifs,
)

_NEEDED = (
    "arch", "trace", "mask_source", "scheme", "images", "macs", "average_bits", "weight_bits",
    "cycles", "pe_utilization", "dram_read_bytes", "dram_write_bytes",
)  # fmt: skip
_COUNTED = ("macs", "cycles", "dram_read_bytes", "dram_write_bytes")
_BANDWIDTH = ("memory.dram.", "clock_mhz")  # keys of a design that may change it
_X = "operational intensity, useful bit operations per byte of DRAM"
_Y = "throughput, useful bit operations per cycle"
_MOST_ROOFS = 6
_ABOVE_GRID = 1.6  # and below roofs and marks
_BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # no grid line strikes text out
_MARGIN = 1.6  # by which axes reach beyond the points


def plot_roofline(
    frame: pd.DataFrame,
    path: str | Path,
    arch: ArchConfig | str | Path,
    *,
    by: str | None = None,
    where: Sequence[str] = (),
    width: str | None = None,
) -> None:
    """Write a figure of useful bit operations a cycle over those for each byte of DRAM.

    Whatever a layer does, it is below two roofs: the peak of the array, and the bandwidth of DRAM
    times the operations for each byte that it moves.

    Parameters
    ----------
    frame : DataFrame
        A table that `simulate` or `sweep` made.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    arch : ArchConfig or str or Path
        The design that was simulated, or its file or shipped name; of it the bandwidth is taken,
        and from the table what a sweep varied of it.
    by : str, optional
        `layer`, a mark for each layer and the network's, or `design`, for each network. By default
        layers of one design, and designs where there are several.
    where : sequence of str
        Conditions that rows have to meet, as in `plot_results`.
    width : str, optional
        `column` or `page`, the widths of one column and of two in print; else as on a screen.

    Raises
    ------
    InputError
        For a table of another design, or without the columns that are needed; for more than six
        pairs of roofs; and as `plot_results` does.

    Notes
    -----
    Source: the roofline model of Williams, Waterman and Patterson (CACM 2009). Bit operations and
    peak are those of the utilization (MODEL.md M27), the bandwidth is that of M25 and M44.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> layers = simulate("digits_pg_4_2", "pg_os").layers
    >>> with TemporaryDirectory() as folder:
    ...     plot_roofline(layers, f"{folder}/roof.png", "pg_os")
    ...     Path(f"{folder}/roof.png").is_file()
    True
    """
    write_figure(draw_roofline(frame, load_arch(arch), by=by, where=where, width=width), path)


def draw_roofline(
    frame: pd.DataFrame,
    arch: ArchConfig,
    *,
    by: str | None = None,
    where: Sequence[str] = (),
    width: str | None = None,
) -> Figure:
    """Return a figure of what layers reach under two roofs; arguments as in `plot_roofline`."""
    page = page_of(width)
    frame = chosen_rows(checked_table(frame, "the table"), where)
    check_columns(frame, _NEEDED)
    _check_arch(frame, arch)
    keys = axis_columns(frame)
    several = len(frame[keys].drop_duplicates()) > 1
    by = by or (DESIGN if several or LAYER not in frame.columns else LAYER)
    if by not in (DESIGN, LAYER):
        hint = nearest(by, [DESIGN, LAYER])
        raise InputError(f"by: expected design or layer, not {by!r}.{hint}")
    points = _points(without_what_ifs(frame), arch, by)
    reached = points[np.isfinite(points["operations_per_byte"])]
    if reached.empty:
        raise InputError("nothing of this table moves a byte of DRAM: it has no second roof")
    left = len(points) - len(reached)
    title = title_of(frame) + (f"\n{left} without DRAM traffic are left out" if left else "")
    return _draw(reached.reset_index(drop=True), keys, by, page, title)


def _check_arch(frame: pd.DataFrame, arch: ArchConfig) -> None:
    """Raise InputError where results are of another design, or of one with another bandwidth."""
    for name in (str(each) for each in frame["arch"].unique()):
        if name != arch.name and not _has_its_bandwidth(name, arch):
            raise InputError(
                f"the table has results of {name!r}, not only of {arch.name!r}: give the design "
                f"that was simulated, or choose rows with where arch={arch.name}"
            )


def _has_its_bandwidth(name: str, arch: ArchConfig) -> bool:
    """Say whether a name is a design's with other values, which it tells, but none of these."""
    changes = name.removeprefix(f"{arch.name}[")
    return changes != name and not any(key in changes for key in _BANDWIDTH)


def _points(frame: pd.DataFrame, arch: ArchConfig, by: str) -> pd.DataFrame:
    """Return a row for each mark: operations a cycle and a byte, and both roofs."""
    keys = axis_columns(frame)
    frame = in_floats(frame, _COUNTED)
    frame = frame.assign(
        operations=frame["macs"] * frame["average_bits"] * frame["weight_bits"],
        moved=frame["dram_read_bytes"] + frame["dram_write_bytes"],
        most=frame["pe_utilization"] * frame["cycles"],
    )
    counts = ["operations", "moved", "most", "cycles"]
    whole = frame.groupby(keys, sort=False, dropna=False)[counts].sum().reset_index()
    if by == LAYER:
        own = frame.groupby([*keys, LAYER], sort=False, dropna=False)[counts].sum().reset_index()
        whole = pd.concat([own, whole.assign(**{LAYER: NETWORK})], ignore_index=True)
    whole = whole[(whole[["operations", "most", "cycles"]] > 0).all(axis=1)]
    return whole.assign(
        operations_per_byte=whole["operations"] / whole["moved"].where(whole["moved"] > 0, np.nan),
        operations_per_cycle=whole["operations"] / whole["cycles"],
        peak=whole["operations"] / whole["most"],
        dram_bandwidth=[_bandwidth(arch, row) for row in whole[keys].to_dict("records")],
    )


def _bandwidth(arch: ArchConfig, row: dict[Any, Any]) -> float:
    """Return the bytes of DRAM a cycle of a design as a sweep changed it."""
    changed = {key: value for key, value in row.items() if str(key).startswith(_BANDWIDTH)}
    own = arch.override(changed) if changed else arch
    burst_cycles = own.dram_cycles.burst
    if not burst_cycles:
        raise InputError(
            f"{own.name}: memory.dram.model: transfers take no time under "
            f"{own.memory.dram.model!r}: a roofline needs a bandwidth"
        )
    return float(own.memory.dram.burst_bytes / burst_cycles)


def _draw(points: pd.DataFrame, keys: list[str], by: str, page: Page, title: str) -> Figure:
    names = told_apart(points, keys)
    lines = [*names, LAYER] if by == LAYER else names
    marks = marks_of(points, lines, LAYER if by == LAYER else None)
    handles, texts = marks.legend(page)
    x = Scale(points["operations_per_byte"], _X, logarithmic=True)
    y = Scale(points["operations_per_cycle"], _Y, logarithmic=True)
    sheet = Sheet([Panel("", "", points, 0, 0)], page, room=room_of(texts, page))
    (axes,) = sheet.axes
    marks.draw(axes, points.index, x, y)
    roofs = points[["peak", "dram_bandwidth"]].round(6).drop_duplicates()
    if len(roofs) > _MOST_ROOFS:
        raise InputError(
            f"{len(roofs)} pairs of roofs do not fit in one figure, at most {_MOST_ROOFS} do; "
            f"choose rows with where"
        )
    _set_limits(axes, points)
    for peak, bandwidth in roofs.itertuples(index=False):
        _draw_roof(axes, float(peak), float(bandwidth), page)
    for bandwidth in roofs["dram_bandwidth"].unique():
        _name_bandwidth(axes, float(bandwidth), page)
    sheet.set_scales(x, y)
    if len(texts) > 1:
        sheet.set_legend(handles, texts)
    sheet.set_title(title)
    return sheet.figure


def _set_limits(axes: Axes, points: pd.DataFrame) -> None:
    """Show all points, and the ridge of every roof."""
    ridge = points["peak"] / points["dram_bandwidth"]
    across, up = points["operations_per_byte"], points["operations_per_cycle"]
    left, right = min(across.min(), ridge.min() / 4), max(across.max(), ridge.max() * 4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left / _MARGIN, right * _MARGIN)
    axes.set_ylim(up.min() / _MARGIN, points["peak"].max() * 2)


def _draw_roof(axes: Axes, peak: float, bandwidth: float, page: Page) -> None:
    """Draw the bandwidth's roof up to the ridge, then the peak's, each with its figure."""
    left, right = axes.get_xlim()
    ridge = peak / bandwidth
    axes.plot(
        [left, ridge, right], [bandwidth * left, peak, peak], color=BLACK, lw=1, label="_",
        zorder=_ABOVE_GRID + 0.1,
    )  # fmt: skip
    axes.annotate(
        f"{short(peak)} bit operations per cycle", (right, peak), (-2, 3), ha="right", va="bottom",
        textcoords="offset points", fontsize=page.small, zorder=_ABOVE_GRID, bbox=_BEHIND,
    )  # fmt: skip


def _name_bandwidth(axes: Axes, bandwidth: float, page: Page) -> None:
    """Write a bandwidth along its roof, from the lower left."""
    start = 1.25 * max(axes.get_xlim()[0], axes.get_ylim()[0] / bandwidth)
    axes.text(
        start, 1.1 * bandwidth * start, f"{bandwidth:g} bytes per cycle", fontsize=page.small,
        rotation=degrees(atan(bandwidth)), rotation_mode="anchor", transform_rotates_text=True,
        va="bottom", zorder=_ABOVE_GRID, bbox=_BEHIND,
    )  # fmt: skip
