"""A sheet of panels: axes in their places, headings, what all axes share, title and legend."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import HPacker

from pgsim.plots.arranging import Panel
from pgsim.plots.drawing import wrapped
from pgsim.plots.pages import Page
from pgsim.plots.scales import Scale, fitted, set_ticks

_HANDLE_INCHES = 0.55  # of a legend's entry, beside its text


class Sheet:
    """Panels that share their axes, on a figure of one page's width."""

    def __init__(
        self,
        panels: Sequence[Panel],
        page: Page,
        *,
        room: float = 0,
        beside: float = 0,
        shares_y: bool = True,
    ) -> None:
        """Make the axes.

        room: inches that title and legend take. beside: those that stand at the right of all
        panels. shares_y: whether all panels have one y axis.
        """
        self.page = page
        self.across = 1 + max(panel.column for panel in panels)
        self.down = 1 + max(panel.row for panel in panels)
        self.inches_across, self.inches_up = panel_inches(page, self.across, len(panels), beside)
        self.figure = Figure(
            figsize=(page.inches, self.down * (self.inches_up + 0.2) + room + 0.5),
            layout="constrained",
            dpi=page.dots,
        )
        grid = self.figure.subplots(
            self.down, self.across, sharex=True, sharey=shares_y, squeeze=False
        )
        self.axes: list[Axes] = [grid[panel.row, panel.column] for panel in panels]
        self._hide_rest(grid, panels)
        for axes, panel in zip(self.axes, panels, strict=True):
            axes.spines[["top", "right"]].set_visible(False)
            self._head(axes, panel)

    def _head(self, axes: Axes, panel: Panel) -> None:
        """Write above a panel, and at its right side, what its points share."""
        small = self.page.small
        letters = self.page.characters(self.inches_across / self.page.inches, small)
        axes.set_title(wrapped(panel.heading, letters), fontsize=small, loc="left")
        if panel.side:
            height = max(12, int(1.1 * self.inches_up * 72 / (0.56 * small)))
            axes.annotate(
                wrapped(panel.side, height), (1, 0.5), (4, 0), xycoords="axes fraction",
                textcoords="offset points", rotation=270, ha="left", va="center", fontsize=small,
            )  # fmt: skip

    def _hide_rest(self, grid: npt.NDArray[Any], panels: Sequence[Panel]) -> None:
        """Take away axes without a panel; those above them then have ticks of their own."""
        there = {(panel.row, panel.column) for panel in panels}
        for row, across in enumerate(grid):
            for column, axes in enumerate(across):
                if (row, column) not in there:
                    axes.set_visible(False)
                    grid[row - 1][column].tick_params(labelbottom=True)

    def set_scales(self, x: Scale, *ys: Scale) -> None:
        """Give all panels the same ticks and names; or, of several y, a panel each its own."""
        letters = self.page.letters
        height = int(self.inches_up * 72 / (0.58 * letters)) * (self.down if len(ys) == 1 else 1)
        below = fitted(x.label, self.page.characters(0.85 / self.across))
        for place, axes in enumerate(self.axes):
            y = ys[place % len(ys)]
            set_ticks(axes, "x", x, self.page, self.inches_across)
            set_ticks(axes, "y", y, self.page, self.inches_up)
            if axes.get_xlim()[1] > x.most:
                axes.set_xlim(right=x.most)
            if axes.get_xlim()[0] < x.least:
                axes.set_xlim(left=x.least)
            if axes.get_ylim()[0] < y.least:
                axes.set_ylim(bottom=y.least)
            if axes.get_ylim()[1] > y.most:
                axes.set_ylim(top=y.most)
            if axes.xaxis.get_tick_params()["labelbottom"]:
                axes.set_xlabel(below, fontsize=letters)
            beside = fitted(y.label, max(18, min(height, 60)))
            if len(ys) == len(self.axes):
                axes.set_ylabel(beside, fontsize=letters)
            else:
                self.figure.supylabel(beside, fontsize=letters, multialignment="center")
        self.figure.align_ylabels()

    def set_title(self, title: str) -> None:
        """Write what all is about above the panels."""
        set_title(self.figure, title, self.page)

    def set_legend(self, handles: Sequence[Artist], labels: Sequence[str]) -> None:
        """Name lines or marks below the panels, in as many columns as there is room for."""
        legend = self.figure.legend(
            handles, labels, loc="outside lower left", fontsize=self.page.small, frameon=False,
            ncols=legend_columns(labels, self.page), columnspacing=1.5, borderaxespad=0.2,
            handlelength=2.6,
        )  # fmt: skip
        for box in legend.get_children()[0].get_children():
            if isinstance(box, HPacker):  # its columns, by default on the first entries' last lines
                box.align = "top"


def panel_inches(page: Page, across: int, count: int, beside: float = 0) -> tuple[float, float]:
    """Return how wide and how high each of `count` panels is, of which `across` are side by side.

    beside: inches at the right of all panels that they do not have.
    """
    own_width = page.inches / across
    alone = min(4.8, (0.72 if page.inches < 4 else 0.6) * own_width)
    height = alone if count == 1 else max(1.15, min(3.6, 0.72 * own_width))
    return own_width - (0.8 if count == 1 else 0.35) - beside / across, height


def set_title(figure: Figure, title: str, page: Page) -> None:
    """Write a title at the left, in the letters of a page."""
    letters = page.title
    lines = (wrapped(line, page.characters(1, letters)) for line in title.splitlines())
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=letters)


def legend_columns(labels: Sequence[str], page: Page) -> int:
    """Return how many columns of these labels a page has room for."""
    longest = max(len(line) for label in labels for line in label.split("\n"))
    own = longest * 0.56 * page.small / 72 + _HANDLE_INCHES
    return max(1, min(len(labels), int(page.inches / own)))


def room_of(labels: Sequence[str], page: Page, title_lines: int = 2) -> float:
    """Return the inches that a title and a legend of these labels take."""
    lines = 0.0
    if labels:  # they fill one column after another
        each = ceil(len(labels) / legend_columns(labels, page))
        heights = [label.count("\n") + 1.25 for label in labels]
        lines = max(sum(heights[first : first + each]) for first in range(0, len(labels), each))
    return (title_lines * page.letters + lines * page.small) * 1.2 / 72
