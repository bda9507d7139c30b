"""A tornado plot: how far each factor moves what a rival takes over what a gated design takes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pgsim.plots.drawing import BLUE, GREY, VERMILLION, bar_labels, legend_above, wrapped

if TYPE_CHECKING:
    from pgsim.study.sensitivity import Answer, Question, Sensitivity

_COLUMNS = 2
_TITLE_WIDTH = 130
_BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # a label on a line is legible


def draw_sensitivity(found: Sensitivity) -> Figure:
    """Return a panel for every rival and quantity: the ratio as it is, and a bar for each factor.

    A bar reaches over all settings of a factor, the widest on top. Where it crosses 1, another
    design wins.
    """
    questions = list(found.base.ratios)
    rows = ceil(len(questions) / _COLUMNS)
    factors = len({each.factor for each in found.answers})
    figure = Figure(figsize=(12, rows * (0.42 * factors + 1.3) + 1.2), layout="constrained")
    grid = figure.add_gridspec(rows, _COLUMNS)
    for index, question in enumerate(questions):
        axes = figure.add_subplot(grid[divmod(index, _COLUMNS)])
        draw_tornado(axes, found, question)
    figure.suptitle(
        wrapped(f"{found.trace} on {found.arch}. {found.finding}", _TITLE_WIDTH),
        x=0.01, ha="left", fontsize=10,
    )  # fmt: skip
    figure.supxlabel(
        "Over 1 PG wins. Vertical lines: the design and prices as they are, and 1.", fontsize=8
    )
    return figure


def draw_tornado(axes: Axes, found: Sensitivity, question: Question) -> None:
    """Draw how far every factor moves one ratio, the widest on top."""
    base = found.base.ratios[question]
    by_factor: dict[str, list[Answer]] = {}
    for answer in found.answers:
        by_factor.setdefault(answer.factor, []).append(answer)
    spans = {
        factor: sorted((each.ratios[question], each.setting) for each in answers)
        for factor, answers in by_factor.items()
    }
    ordered = sorted(spans, key=lambda factor: _reach(spans[factor], base), reverse=True)
    for row, factor in enumerate(ordered):
        for ratio, _ in spans[factor]:
            flips = (ratio > 1) != (base > 1)
            axes.barh(row, ratio - base, left=base, height=0.6, color=VERMILLION if flips else BLUE)
        _label_ends(axes, row, spans[factor], base)
    axes.axvline(base, color=GREY, lw=0.8)
    axes.axvline(1, color="black", lw=1.2, ls="dashed")
    bar_labels(axes, [wrapped(each) for each in ordered])
    axes.margins(x=0.25)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(f"{question.quantity} of {question.rival} over PG's", fontsize=9)
    legend_above(axes, {"the same design wins": BLUE, "the other one wins": VERMILLION})


def _reach(span: list[tuple[float, str]], base: float) -> float:
    """Return how far a factor's settings lie apart, the design as it is among them."""
    ratios = [base, *(ratio for ratio, _ in span)]
    return max(ratios) - min(ratios)


def _label_ends(axes: Axes, row: int, span: list[tuple[float, str]], base: float) -> None:
    """Write the settings at the ends of a bar, which lie on both sides of the base or on one."""
    (least, low), (most, high) = span[0], span[-1]
    ends = [(least, low, "right", -3)] if least < base else []
    ends += [(most, high, "left", 3)] if most >= base else []
    for ratio, setting, side, offset in ends:
        axes.annotate(
            setting, (ratio, row), (offset, 0), textcoords="offset points",
            va="center", ha=side, fontsize=7, bbox=_BEHIND,
        )  # fmt: skip
