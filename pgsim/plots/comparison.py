"""One figure of a comparison: where the saving goes, and what every design spends."""

from __future__ import annotations

from itertools import groupby
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.plots.drawing import (
    BLUE,
    GREY,
    INCHES_PER_LINE,
    VERMILLION,
    bar_labels,
    larger_unit,
    legend_above,
    si_ticks,
    wrapped,
    write_figure,
)
from pgsim.plots.stacks import breakdowns
from pgsim.results.mask_sources import MASK_SOURCES
from pgsim.results.verdicts import VERDICTS

if TYPE_CHECKING:
    from pgsim.study.comparison import Comparison
    from pgsim.study.waterfalls import Waterfall

_FEWER, _MORE, _TOTAL = BLUE, VERMILLION, GREY
_MEANING_WIDTH = 50  # characters
_TITLE_WIDTH = 175
_LABEL_WIDTH = 40


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
    ...     plot_comparison(compare("digits_pg_4_2", "fixed_8bit"), f"{folder}/compare.png")
    ...     Path(f"{folder}/compare.png").is_file()
    True
    """
    write_figure(draw_comparison(comparison), path)


def draw_comparison(comparison: Comparison) -> Figure:
    """Return a figure of where the promised saving goes, and of latency and energy by design.

    Cycles and energy are per image.
    Source: MODEL.md M30 for the accounts.
    """
    designs = comparison.designs
    labels = [
        wrapped(_label(*each), _LABEL_WIDTH)
        for each in zip(designs["design"], designs["accuracy"], designs["verdict"], strict=True)
    ]
    accounts = [
        list(own) for _, own in groupby(comparison.waterfalls, key=lambda each: each.quantity)
    ]
    lines = max(label.count("\n") + 1.5 for label in labels) * len(labels)
    heights = [0.4 * (len(own[0].steps) + 1) + 1 for own in accounts]
    heights.append(INCHES_PER_LINE * lines + 1)
    figure = Figure(figsize=(15, sum(heights) + 1), layout="constrained")
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    images = designs["images"].iloc[0]
    for row, own in enumerate(accounts):
        for column, account in enumerate(own):
            axes = figure.add_subplot(grid[row, column])
            draw_waterfall(axes, account, images, designs["design"].iloc[0], named=column == 0)
    latency, energy = (figure.add_subplot(grid[-1, column]) for column in range(2))
    per_image = designs.select_dtypes("number").div(designs["images"], axis=0)
    gains = [[f" ({gain:.2f}x)" for gain in designs[by]] for by in ("speedup", "energy_ratio")]
    breakdowns(latency, energy, per_image, labels, (gains[0], gains[1]))
    marks = [f"{each.mark} {each.meaning}. " for each in VERDICTS.values() if each.mark]
    figure.supxlabel(
        "Beside names: top-1 accuracy. In brackets: time, and energy, of uniform 8,8 over the "
        f"design's.\n{''.join(marks)}".rstrip(),
        fontsize=8,
    )
    figure.suptitle(_title(comparison), x=0.01, ha="left", fontsize=10)
    return figure


def _label(design: str, accuracy: float, verdict: str) -> str:
    """Return a design's name with its accuracy, where it is known, and its mark."""
    known = "" if isnan(accuracy) else f", {accuracy:.1%}"
    return f"{design}{known} {VERDICTS[verdict].mark}".strip()


def draw_waterfall(
    axes: Axes, account: Waterfall, images: int, design: str, *, named: bool = True
) -> None:
    """Draw an account from its baseline's total through signed changes to the design's total.

    Totals are per image. A bar of a change begins where the last one ended. named: whether steps
    are named and explained beside the bars.
    """
    largest = max(map(float, account.network.values())) / images
    unit, size = larger_unit(account.unit, largest)
    totals = np.array([float(each) for each in account.network.values()]) / images / size
    changes = np.array([float(each) for each in account.changes().values()]) / images / size
    starts, widths = [0.0, *totals[:-1], 0.0], [totals[0], *changes, totals[-1]]
    colours = [_TOTAL, *(_FEWER if change < 0 else _MORE for change in changes), _TOTAL]
    axes.barh(range(len(starts)), widths, left=starts, color=colours, height=0.7)
    for row, total in enumerate(totals):
        axes.plot([total, total], [row - 0.35, row + 1.35], color="black", lw=0.6)
    # Every text to the same decimal, so that a reader can add up the account.
    decimals = max(0, 4 - len(str(int(max(totals)))))
    first, last = (f"{totals[end]:,.{decimals}f}" for end in (0, -1))
    texts = [first, *(_signed(change, decimals) for change in changes), last]
    for row, (start, width, text) in enumerate(zip(starts, widths, texts, strict=True)):
        axes.annotate(
            text, (max(start, start + width), row), (4, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    meanings = [
        f"{step}\n{wrapped(meaning, _MEANING_WIDTH)}" for step, meaning in account.steps.items()
    ]
    names = [*meanings, wrapped(design)]
    bar_labels(axes, names if named else [""] * len(names))
    axes.set_xlim(0, max(totals) * 1.15)
    axes.set_xlabel(f"{unit} per image, from {account.against}")
    si_ticks(axes.xaxis)
    legend_above(axes, {"total": _TOTAL, "less": _FEWER, "more": _MORE})


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
