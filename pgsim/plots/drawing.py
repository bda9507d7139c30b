"""What every figure shares: colours, numbers as text, stacked bars, and the file it becomes.

Figures are made without pyplot, so that drawing one leaves no global state behind.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FuncFormatter

from pgsim.plots.paths import check_plot_path
from pgsim.text import shortened, spelled_out
from pgsim.writing import replacing

if TYPE_CHECKING:
    import pandas as pd

# The palette of Okabe and Ito (Color Universal Design, 2008): no colour vision confuses two of it.
BLUE, SKY, GREEN, YELLOW = "#0072B2", "#56B4E9", "#009E73", "#F0E442"
ORANGE, VERMILLION, PURPLE, BLACK = "#E69F00", "#D55E00", "#CC79A7", "#000000"
GREY = "#7F7F7F"

LATENCY = {
    "msb_cycles": ("first pass (MSBs)", BLUE),
    "lsb_cycles": ("later passes (LSBs)", SKY),
    "bubble_cycles": ("bubbles", YELLOW),
    "port_stall_cycles": ("port stalls", ORANGE),
    "dram_stall_cycles": ("DRAM stalls", VERMILLION),
}
ENERGY = {
    "energy_pe_pj": ("PEs", BLUE),
    "energy_gating_pj": ("gating", GREEN),
    "energy_sram_pj": ("SRAM", SKY),
    "energy_dram_pj": ("DRAM", VERMILLION),
    "energy_leakage_pj": ("leakage", GREY),
}

LABEL_WIDTH = 30  # characters of a bar's label in one line
_MOST_LINES = 10  # of one text
INCHES_PER_LINE = 0.17  # height of one such line
_LARGER_UNITS = {
    "pJ": {"nJ": 1e3, "uJ": 1e6, "mJ": 1e9, "J": 1e12},
    "us": {"ms": 1e3, "s": 1e6},
}


def write_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the path's suffix, the same bytes for the same figure.

    Raises InputError for another suffix than png, svg or pdf, or a folder that cannot be written.
    """
    path = check_plot_path(path)
    suffix = path.suffix.lower().lstrip(".")
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with (
        replacing(path) as temporary,
        matplotlib.rc_context({"svg.hashsalt": "pgsim", "svg.fonttype": "path"}),
    ):
        figure.savefig(temporary, format=suffix, dpi=150, metadata=undated[suffix])


def short(value: float) -> str:
    """Return a number in three significant digits with an SI prefix: 8699.6 is ``8.70k``."""
    for power, prefix in ((12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, "")):
        if abs(value) >= 0.9995 * 10.0**power:
            return f"{value / 10.0**power:#.3g}".removesuffix(".") + prefix
    return f"{value:#.3g}" if value else "0"


def wrapped(text: str, width: int = LABEL_WIDTH) -> str:
    """Return text in lines of at most `width` characters, as a figure can show it.

    A dollar sign means itself, what the font has no glyph for is spelled out, and of very long text
    the middle is left out.
    """
    shown = shortened(spelled_out(text, keep="\n"), _MOST_LINES * width)
    glyphs = _glyphs(tuple(matplotlib.rcParams["font.family"]))
    drawn = "".join(
        each if each.isspace() or ord(each) in glyphs else _escape(each) for each in shown
    )
    return textwrap.fill(drawn, width, break_on_hyphens=False).replace("$", r"\$")


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")


@cache
def _glyphs(families: tuple[str, ...]) -> frozenset[int]:
    """Return the code points that the first font of some of these families can draw."""
    fonts = (findfont(FontProperties(family=[family])) for family in families)
    return frozenset(code for font in fonts for code in get_font(font).get_charmap())


def larger_unit(unit: str, largest: float) -> tuple[str, float]:
    """Return the unit that suits values up to `largest`, and how many of `unit` it holds."""
    fitting = {"": 1.0} | {
        name: size for name, size in _LARGER_UNITS.get(unit, {}).items() if largest >= size
    }
    name, size = max(fitting.items(), key=lambda each: each[1])
    return name or unit, size


def si_ticks(axis: Axis) -> None:
    """Label an axis with SI prefixes from 1000 on: 200k, 1.5M."""
    thousands = EngFormatter(sep="")
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: thousands(value) if abs(value) >= 1000 else f"{value:g}")
    )


def bar_labels(axes: Axes, labels: Sequence[str]) -> None:
    """Name horizontal bars from the top down, without tick marks."""
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def legend_above(axes: Axes, colours: Mapping[str, str]) -> None:
    """Name colours in one line above the axes, where no bar can be."""
    axes.legend(
        handles=[Patch(color=colour, label=name) for name, colour in colours.items()],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(colours), fontsize=7, frameon=False,
        handlelength=1, columnspacing=1, borderaxespad=0.2,
    )  # fmt: skip


def breakdowns(
    latency: Axes,
    energy: Axes,
    rows: pd.DataFrame,
    labels: Sequence[str],
    notes: tuple[Sequence[str], Sequence[str]] | None = None,
) -> None:
    """Draw stacked parts of latency and energy, one bar per row, side by side.

    rows: per image, the parts of cycles and of pJ, `cycles` and `time_us`. notes: text after the
    totals of latency, of energy. Designs of different clocks are compared in time, not in cycles.
    """
    spent, unit = rows[list(LATENCY)], "cycles"
    clocks = (rows["cycles"] / rows["time_us"]).dropna()
    if len(clocks) and clocks.max() > clocks.min() * (1 + 1e-9):
        unit = "us"
        spent = spent.mul((rows["time_us"] / rows["cycles"]).where(rows["cycles"] > 0, 0), axis=0)
    blank = [""] * len(labels)
    latency_notes, energy_notes = notes or (blank, blank)
    unit = _stack(latency, spent, LATENCY, unit, latency_notes)
    latency.set_xlabel(f"latency, {unit} per image")
    unit = _stack(energy, rows[list(ENERGY)], ENERGY, "pJ", energy_notes)
    energy.set_xlabel(f"energy, {unit} per image")
    bar_labels(latency, labels)
    bar_labels(energy, blank)


def _stack(
    axes: Axes,
    rows: pd.DataFrame,
    parts: dict[str, tuple[str, str]],
    unit: str,
    notes: Sequence[str],
) -> str:
    """Draw rows in the unit that suits them, and return it."""
    totals: npt.NDArray[np.float64] = rows.sum(axis=1).to_numpy(float)
    unit, size = larger_unit(unit, float(totals.max()))
    left = np.zeros(len(rows))
    for column, (name, colour) in parts.items():
        width = rows[column].to_numpy(float) / size
        axes.barh(range(len(rows)), width, left=left, color=colour, label=name, ec="white", lw=0.4)
        left = left + width
    for row, (end, note) in enumerate(zip(left, notes, strict=True)):
        axes.annotate(
            f"{short(end)}{note}", (end, row), (3, 0), textcoords="offset points",
            va="center", fontsize=7,
        )  # fmt: skip
    axes.set_xlim(0, (float(left.max()) or 1.0) * 1.3)
    si_ticks(axes.xaxis)
    legend_above(axes, {name: colour for name, colour in parts.values()})
    return unit
