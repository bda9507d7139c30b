"""What every figure shares: colours, numbers and names as text, and the file it becomes.

Figures are made without pyplot, so that drawing one leaves no global state behind.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FuncFormatter

from pgsim.plots.pages import SCREEN, Page
from pgsim.plots.paths import check_plot_path
from pgsim.text import shortened, spelled_out
from pgsim.writing import replacing

# The palette of Okabe and Ito (Color Universal Design, 2008): no colour vision confuses two of it.
BLUE, SKY, GREEN, YELLOW = "#0072B2", "#56B4E9", "#009E73", "#F0E442"
ORANGE, VERMILLION, PURPLE, BLACK = "#E69F00", "#D55E00", "#CC79A7", "#000000"
GREY = "#7F7F7F"

# A component has one colour in every figure: SRAM and the wait for its ports, DRAM and the wait for
# it. Hatches tell parts of like lightness apart in grey.
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
    "energy_sram_pj": ("SRAM", ORANGE),
    "energy_dram_pj": ("DRAM", VERMILLION),
    "energy_leakage_pj": ("leakage", GREY),
}
HATCHES = {
    SKY: "////",
    GREEN: "||||",
    YELLOW: "....",
    ORANGE: "\\\\\\\\",
    VERMILLION: "xxxx",
    GREY: "----",
}

LABEL_WIDTH = 30  # characters of a bar's label in one line
_MOST_LINES = 10  # of one text
INCHES_PER_LINE = 0.17  # height of one such line
_LARGER_UNITS = {
    "pJ": {"nJ": 1e3, "uJ": 1e6, "mJ": 1e9, "J": 1e12},
    "us": {"ms": 1e3, "s": 1e6},
    "bytes": {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12},
}


def write_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the path's suffix, the same bytes for the same figure.

    A png has as many dots an inch as the figure, and 150 at least. A pdf holds its letters as
    TrueType (Type 42), which publishers take, and not as Type 3.

    Raises InputError for another suffix than png, svg or pdf, or a folder that cannot be written.
    """
    path = check_plot_path(path)
    suffix = path.suffix.lower().lstrip(".")
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with (
        replacing(path) as temporary,
        matplotlib.rc_context(
            {"svg.hashsalt": "pgsim", "svg.fonttype": "path", "pdf.fonttype": 42}
        ),
    ):
        figure.savefig(
            temporary, format=suffix, dpi=max(SCREEN.dots, figure.dpi), metadata=undated[suffix]
        )


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
    return _Wrapper(width, break_on_hyphens=False).fill(drawn).replace("$", r"\$")


class _Wrapper(textwrap.TextWrapper):
    """Breaks at spaces; words longer than a line after = or a comma, and then after . or _."""

    def _split(self, text: str) -> list[str]:
        chunks = super()._split(text)
        for ends in ("=,", "._"):
            chunks = [
                part
                for chunk in chunks
                for part in (
                    re.split(f"(?<=[{ends}])", chunk) if len(chunk) > self.width else [chunk]
                )
                if part
            ]
        return chunks


def in_legend(label: str, page: Page = SCREEN) -> str:
    """Return the label of a line as a legend shows it."""
    width = page.legend_line
    text = wrapped(shortened(label, 6 * width), width)
    return f" {text}" if text.startswith("_") else text  # which Matplotlib leaves out of legends


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


def bar_labels(axes: Axes, labels: Sequence[str], page: Page = SCREEN) -> None:
    """Name horizontal bars from the top down, without tick marks."""
    axes.set_yticks(range(len(labels)), labels, fontsize=page.small)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def legend_above(axes: Axes, colours: Mapping[str, str], columns: int = 0) -> None:
    """Name colours in one line above the axes, or in so many columns, where no bar can be."""
    axes.legend(
        handles=[Patch(color=colour, label=name) for name, colour in colours.items()],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns or len(colours), fontsize=7,
        frameon=False, handlelength=1, columnspacing=1, borderaxespad=0.2,
    )  # fmt: skip
