"""One figure of a comparison: where the saving goes, and what every design spends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.plots.drawing import (
    BLUE,
    CAPTION,
    GREY,
    INCHES_PER_LINE,
    VERMILLION,
    bar_labels,
    breakdowns,
    legend_above,
    si_ticks,
    wrapped,
    write_figure,
)
from pgsim.results.mask_sources import MASK_SOURCES

if TYPE_CHECKING:
    import pandas as pd

    from pgsim.study.comparison import Comparison

_FEWER, _MORE, _TOTAL = BLUE, VERMILLION, GREY
_MEANING_WIDTH = 64  # characters
_TITLE_WIDTH = 130


def plot_comparison(comparison: Comparison, path: str | Path) -> None:
    """Write a figure of where the saving goes, and of latency and energy by design.

    Parameters
    ----------
    comparison : Comparison
        What `compare` found. Cycles and energy are drawn per image.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.

    Raises
    ------
    InputError
        For another suffix or a folder that cannot be written.

    Notes
    -----
    Source of the account: MODEL.md M30.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import compare
    >>> with TemporaryDirectory() as folder:
    ...     plot_comparison(compare("digits_pg_4_2", "pg_ws"), f"{folder}/compare.png")
    ...     Path(f"{folder}/compare.png").is_file()
    True
    """
    write_figure(draw_comparison(comparison), path)


def draw_comparison(comparison: Comparison) -> Figure:
    """Return a figure of where the promised saving goes, and of latency and energy by design.

    Cycles and energy are per image; energy and DRAM stalls are provisional.
    Source: MODEL.md M30 for the account.
    """
    designs = comparison.designs
    labels = [wrapped(name) for name in designs["design"]]
    account = comparison.waterfall
    account = account[account["layer"] == "network"]
    lines = max(label.count("\n") + 1.5 for label in labels) * len(labels)
    heights = (0.4 * len(account) + 1, INCHES_PER_LINE * lines + 1)
    figure = Figure(figsize=(11, sum(heights) + 1), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=heights)
    waterfall = figure.add_subplot(grid[0])
    below = grid[1].subgridspec(1, 2)
    latency, energy = figure.add_subplot(below[0]), figure.add_subplot(below[1])
    draw_waterfall(waterfall, account, designs["images"].iloc[0], designs["design"].iloc[0])
    per_image = designs.select_dtypes("number").div(designs["images"], axis=0)
    gains = [[f" ({gain:.2f}x)" for gain in designs[by]] for by in ("speedup", "energy_ratio")]
    breakdowns(latency, energy, per_image, labels, (gains[0], gains[1]))
    figure.supxlabel(
        f"In brackets: time, and energy, of {labels[1]} over the design's. {CAPTION}", fontsize=8
    )
    figure.suptitle(_title(comparison), x=0.01, ha="left", fontsize=10)
    return figure


def draw_waterfall(axes: Axes, account: pd.DataFrame, images: int, design: str) -> None:
    """Draw the account from the baseline's total through signed changes to the design's total.

    account: rows in order with step, total_cycles, change_cycles and meaning, the first being the
    baseline. A bar of a change begins where the last one ended.
    """
    totals = account["total_cycles"].to_numpy(float) / images
    changes = account["change_cycles"].to_numpy(float) / images
    rows = len(account) + 1
    starts = [0.0, *totals[:-1], 0.0]
    widths = [totals[0], *changes[1:], totals[-1]]
    colours = [_TOTAL, *(_FEWER if change < 0 else _MORE for change in changes[1:]), _TOTAL]
    axes.barh(range(rows), widths, left=starts, color=colours, height=0.7)
    for row, total in enumerate(totals):
        axes.plot([total, total], [row - 0.35, row + 1.35], color="black", lw=0.6)
    # Every text to the same decimal, so that a reader can add up the account.
    decimals = max(0, 4 - len(str(int(max(totals)))))
    first, last = (f"{totals[end]:,.{decimals}f}" for end in (0, -1))
    texts = [first, *(_signed(change, decimals) for change in changes[1:]), last]
    for row, (start, width, text) in enumerate(zip(starts, widths, texts, strict=True)):
        axes.annotate(
            text, (max(start, start + width), row), (4, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    meanings = [
        f"{step}\n{wrapped(meaning, _MEANING_WIDTH)}"
        for step, meaning in zip(account["step"], account["meaning"], strict=True)
    ]
    bar_labels(axes, [*meanings, wrapped(design)])
    axes.set_xlim(0, max(totals) * 1.12)
    axes.set_xlabel("cycles per image")
    si_ticks(axes.xaxis)
    legend_above(axes, {"total": _TOTAL, "fewer cycles": _FEWER, "more cycles": _MORE})


def _signed(change: float, decimals: int) -> str:
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(change):,.{decimals}f}" if change else "0"


def _title(comparison: Comparison) -> str:
    """Return what was compared, what was found, and what a reader must know."""
    first = comparison.designs.iloc[0]
    masks = MASK_SOURCES[first["mask_source"]].words
    lines = [
        f"{first['trace']} ({first['images']} images, {masks}) on {first['arch']}",
        comparison.finding,
        *(f"Warning: {warning}" for warning in comparison.warnings),
    ]
    return "\n".join(wrapped(line, _TITLE_WIDTH) for line in lines)
