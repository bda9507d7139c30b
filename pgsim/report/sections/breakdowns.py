"""Where time, energy and traffic go, part by part, as the project's figures."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pgsim.plots import draw_results
from pgsim.report.markup import Html, joined
from pgsim.report.pictures import picture

_FIGURES = (
    ("spent", ("latency", "energy"), "Latency and energy"),
    ("moved", ("dram", "sram"), "Bytes that DRAM and SRAM move"),
)


def breakdowns(rows: pd.DataFrame, *, by: str) -> Html:
    """Return figures of a table's parts; by: `layer`, or `design`."""
    return joined(_breakdown(rows, by, *each) for each in _FIGURES)


def _breakdown(rows: pd.DataFrame, by: str, key: str, parts: tuple[str, ...], words: str) -> Html:
    def draw(width: str | None) -> Figure:
        return draw_results(rows, by=by, parts=parts, network=by == "layer", width=width)

    beside = ", and of the network" if by == "layer" else ""
    label = f"{words} of each {by}{beside}, part by part"
    return picture(draw, label, key, f"{label}; per image.")
