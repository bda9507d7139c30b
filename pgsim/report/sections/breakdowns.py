"""Where time, energy and traffic go, part by part, as the project's figures."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pgsim.plots import draw_results
from pgsim.plots.pages import PHONE, SCREEN
from pgsim.report.markup import Html, joined, paragraph
from pgsim.report.pictures import picture

_FIGURES = (
    ("spent", ("latency", "energy"), "Latency and energy"),
    ("moved", ("dram", "sram"), "Bytes that DRAM and SRAM move"),
)


def of_layers(rows: pd.DataFrame) -> Html:
    """Return what each layer of one design takes, beside the network."""
    return joined(
        _breakdown(rows, "layer", "column", *each, ", and of the network") for each in _FIGURES
    )


def of_designs(rows: pd.DataFrame, count: int) -> Html:
    """Return what each design of a table takes; count: how many there are."""
    if count > SCREEN.most_bars:
        words = f"{count:,} designs are more than there are bars in one figure: pgsim plot draws"
        return paragraph(f"{words} some of them, or means over them.", class_="note")
    return joined(_breakdown(rows, "design", PHONE, *each) for each in _FIGURES)


def _breakdown(
    rows: pd.DataFrame,
    by: str,
    narrow: str,
    key: str,
    parts: tuple[str, ...],
    words: str,
    beside: str = "",
) -> Html:
    def draw(width: str | None) -> Figure:
        room = None if width is None else narrow
        return draw_results(rows, by=by, parts=parts, network=bool(beside), width=room)

    label = f"{words} of each {by}{beside}, part by part"
    return picture(draw, label, f"{by}-{key}", f"{label}; per image.")
