"""One column over another that a sweep varied: a line for each design, a panel for each facet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.errors import InputError
from pgsim.plots.arranging import MOST_LOOKS, Panel, panels_of
from pgsim.plots.asked import Asked, Points
from pgsim.plots.drawing import in_legend
from pgsim.plots.looks import Look, looks_of
from pgsim.plots.marks import hollow_handle, hollow_of
from pgsim.plots.scales import NETWORK, Scale, asked_log, scale_of, to_the_right
from pgsim.plots.sheets import Sheet, room_of
from pgsim.results.designs import column_of, labels_of

_OF_TIME = ("cycles", "us")  # units of what a speed-up is of


def draw_lines(points: Points, x: str, y: str, asked: Asked) -> Figure:
    """Return a figure of y over x, numbers joined by lines and words not.

    Raises InputError for more lines than one panel shows.
    """
    frame, arrangement, page = points.frame, points.arrangement, asked.page
    across = scale_of(frame[x], swept=True, log=asked_log(asked.log, "x"))
    panels = panels_of(frame, arrangement)
    log = asked_log(asked.log, "y")
    up = scale_of(
        frame[y], swept=False, log=False if log is None and len(panels) == 1 else log,
        note=points.note, ratio=asked.normalize is not None,
    )  # fmt: skip
    if asked.inverse:
        up = up._replace(label=_speed_up_label(y, asked, points.note))
    labels = _labels(frame, list(arrangement.lines))
    looks = _looks(frame, list(arrangement.lines), labels, asked.colour)
    hollow, caution = hollow_of(frame)
    hollow &= bool(caution)
    shown = [in_legend(label, page) for label in looks] if len(looks) > 1 else []
    shown += [in_legend(f"hollow: {caution}", page)] if caution else []
    sheet = Sheet(panels, page, room=room_of(shown, page))
    size = page.lone_mark if len(panels) == 1 else 0.6
    handles: dict[str, Artist] = {}
    for axes, panel in zip(sheet.axes, panels, strict=True):
        handles |= _draw_panel(axes, panel, labels, looks, hollow, (across, up), size)
        _mark_network(axes, across)
        if asked.inverse:
            axes.axhline(1, color="black", lw=0.6, zorder=0)
    sheet.set_scales(across, up)
    if asked.normalize is None and not up.logarithmic and up.places.min() >= 0:
        sheet.axes[0].set_ylim(0, min(up.most, float(up.places.max()) * 1.05 or 1.0))
    if shown:
        named = [handles[label] for label in looks] if len(looks) > 1 else []
        sheet.set_legend([*named, *([hollow_handle()] if caution else [])], shown)
    sheet.set_title(points.title)
    return sheet.figure


def _speed_up_label(y: str, asked: Asked, note: str) -> str:
    """Return what an axis of speed-ups is, and below it what was done to them."""
    what = "speed-up" if column_of(y).unit in _OF_TIME else "gain"
    about = f"{what} over {asked.baseline}: its {y} over each"
    return "\n".join(each for each in (about, note) if each)


def _labels(frame: pd.DataFrame, names: list[str]) -> pd.Series[str]:
    return pd.Series(labels_of(frame, names), index=frame.index, dtype=object)


def _looks(
    frame: pd.DataFrame, names: list[str], labels: pd.Series[str], by: str | None
) -> dict[str, Look]:
    """Return the look of every line by its label, the same in all panels."""
    heads = frame[names].groupby(labels, sort=False).head(1)
    if len(heads) > MOST_LOOKS:
        raise InputError(
            f"{len(heads)} lines do not fit in one panel, at most {MOST_LOOKS} do; give facet, "
            f"where, or aggregate"
        )
    return dict(zip(labels[heads.index], looks_of(heads, by), strict=True))


def _draw_panel(
    axes: Axes,
    panel: Panel,
    labels: pd.Series[str],
    looks: dict[str, Look],
    hollow: pd.Series[bool],
    scales: tuple[Scale, Scale],
    size: float,
) -> dict[str, Artist]:
    """Draw the lines of a panel, and return them by label; size: of lines and marks.

    hollow: points with a caution, beside others without. Where none has one, no mark is filled.
    """
    x, y = scales
    drawn: dict[str, Artist] = {}
    own = labels[panel.points.index]
    # From thick to thin: lines that coincide still show.
    widths = np.linspace(2.2, 1.2, len(looks)) * size
    for place, ((label, look), width) in enumerate(zip(looks.items(), widths, strict=True)):
        rows = own.index[own == label]
        if rows.empty:
            continue
        across = x.places[rows].sort_values(kind="stable")
        at = across if x.joins else to_the_right(across, place, len(looks))
        marker: dict[str, Any] = {
            "color": look.colour, "marker": look.marker, "ms": 2 + 2.5 * width,
            "mew": 0.4 + 0.6 * size, "clip_on": False,
        }  # fmt: skip
        up, cautioned = y.places[across.index], hollow[across.index].to_numpy(bool)
        (drawn[label],) = axes.plot(
            at, up, ls=look.dashes if x.joins else "none", lw=width, label=in_legend(label),
            mfc=look.colour if hollow.any() else "none", **marker,
        )  # fmt: skip
        if cautioned.any():
            axes.plot(
                np.asarray(at)[cautioned], up[cautioned], ls="none", mfc="white", label="_hollow",
                **marker,
            )  # fmt: skip
    axes.grid(axis="y" if x.joins else "both", lw=0.3)
    return drawn


def _mark_network(axes: Axes, x: Scale) -> None:
    """Part the network from the layers that it stands beside."""
    if NETWORK in x.words and len(x.words) > 1:
        axes.axvline(x.words.index(NETWORK) - 0.5, color="black", lw=0.6)
