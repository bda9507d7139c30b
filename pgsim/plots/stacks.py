"""Stacked bars: what a design or a layer spends, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pgsim.plots.drawing import (
    BLACK,
    ENERGY,
    HATCHES,
    LATENCY,
    PURPLE,
    bar_labels,
    larger_unit,
    short,
    si_ticks,
    wrapped,
)
from pgsim.plots.pages import SCREEN, Page

_SUMS, _WRITTEN = "#D9D9D9", "#6E6E6E"
# Operands have colours of their own, of three lightnesses.
DRAM_TRAFFIC = {
    "dram_activation_read_bytes": ("activations read", PURPLE),
    "dram_weight_read_bytes": ("weights read", BLACK),
    "dram_sum_read_bytes": ("sums read", _SUMS),
    "dram_write_bytes": ("written", _WRITTEN),
}
SRAM_TRAFFIC = {
    "activation_sram_read_bytes": ("activations read", PURPLE),
    "weight_sram_read_bytes": ("weights read", BLACK),
    "output_sram_read_bytes": ("sums read", _SUMS),
    "output_sram_write_bytes": ("sums written", _WRITTEN),
    "activation_sram_write_bytes": ("activations written", "#7A3563"),
}


AT_ONCE = "at_once"
BOTH = "both_cycles"  # which tables of one array may lack


class Stack(NamedTuple):
    """One quantity in parts: a row of `spent` is a bar, a column of it a part, in `unit`.

    Bars begin at 0. Where a column AT_ONCE is below it, they begin there: so much of two parts is
    done at the same time (M59).
    """

    quantity: str
    parts: Mapping[str, tuple[str, str]]
    spent: pd.DataFrame
    unit: str
    against: str = ""  # what it is relative to; a ratio has no unit

    @property
    def totals(self) -> npt.NDArray[np.float64]:
        """Where every bar ends, float64 (rows,)."""
        return self.spent.sum(axis=1).to_numpy(float)

    def scaled(self) -> Stack:
        """Return it in the unit that suits the longest bar."""
        unit, size = larger_unit(self.unit, float(self.totals.max()))
        return self._replace(spent=self.spent / size, unit=unit)

    @property
    def label(self) -> str:
        """What stands below the axis of its bars."""
        what = f"relative to {self.against}" if self.against else f"{self.unit} per image"
        return f"{self.quantity}, {what}" + ("; below 0: done at once" if self.begins.any() else "")

    @property
    def begins(self) -> npt.NDArray[np.float64]:
        """Where every bar begins, float64 (rows,)."""
        if AT_ONCE not in self.spent:
            return np.zeros(len(self.spent))
        return self.spent[AT_ONCE].to_numpy(float)


def latency(rows: pd.DataFrame) -> Stack:
    """Return the parts of latency: of different clocks they are compared in time, not in cycles."""
    spent, unit = rows[list(LATENCY)], "cycles"
    if BOTH in rows and rows[BOTH].any():
        # Counts of a table that contradict each other say nothing of what was done at once.
        agree = np.isclose(spent.sum(axis=1) - rows[BOTH], rows["cycles"])
        spent = spent.assign(**{AT_ONCE: -rows[BOTH].where(agree, 0)})
    clocks = (rows["cycles"] / rows["time_us"]).dropna()
    if len(clocks) and clocks.max() > clocks.min() * (1 + 1e-9):
        unit = "us"
        spent = spent.mul((rows["time_us"] / rows["cycles"]).where(rows["cycles"] > 0, 0), axis=0)
    return Stack("latency", LATENCY, spent, unit)


def _as_it_is(
    quantity: str, parts: Mapping[str, tuple[str, str]], unit: str
) -> Callable[[pd.DataFrame], Stack]:
    return lambda rows: Stack(quantity, parts, rows[list(parts)], unit)


# Each breakdown of rows that are per image: the columns that it needs, and how it is made.
BREAKDOWNS: dict[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], Stack]]] = {
    "latency": ((*LATENCY, "cycles", "time_us"), latency),
    "energy": (tuple(ENERGY), _as_it_is("energy", ENERGY, "pJ")),
    "dram": (tuple(DRAM_TRAFFIC), _as_it_is("DRAM traffic", DRAM_TRAFFIC, "bytes")),
    "sram": (tuple(SRAM_TRAFFIC), _as_it_is("SRAM traffic", SRAM_TRAFFIC, "bytes")),
}


def breakdowns(
    latency_axes: Axes,
    energy_axes: Axes,
    rows: pd.DataFrame,
    labels: Sequence[str],
    notes: tuple[Sequence[str], Sequence[str]] | None = None,
) -> None:
    """Draw stacked parts of latency and energy, one bar per row, side by side.

    rows: per image, the parts of cycles and of pJ, `cycles` and `time_us`. notes: text after the
    totals of latency, of energy. Designs of different clocks are compared in time, not in cycles.
    """
    blank = [""] * len(labels)
    for axes, name, own, named in zip(
        (latency_axes, energy_axes), ("latency", "energy"), notes or (blank, blank),
        (labels, blank), strict=True,
    ):  # fmt: skip
        _, make = BREAKDOWNS[name]
        draw_stack(axes, make(rows).scaled(), own)
        bar_labels(axes, named)


def draw_stack(
    axes: Axes, stack: Stack, notes: Sequence[str], page: Page = SCREEN, inches: float = 4.4
) -> None:
    """Draw rows of one quantity, with totals and notes beside them.

    inches: how wide the axes are.
    """
    left = stack.begins
    for column, (name, colour) in stack.parts.items():
        width = stack.spent[column].to_numpy(float)
        _draw_part(axes, left, width, name, colour)
        left = left + width
    for row, (end, note) in enumerate(zip(left, notes, strict=True)):
        axes.annotate(
            f"{short(end)}{note}", (end, row), (3, 0), textcoords="offset points",
            va="center", fontsize=page.small - 1,
        )  # fmt: skip
    axes.set_xlim(min(0, float(stack.begins.min())), (float(left.max()) or 1.0) * 1.3)
    axes.xaxis.set_major_locator(MaxNLocator(page.ticks, steps=[1, 2, 2.5, 5, 10]))
    si_ticks(axes.xaxis)
    axes.tick_params(axis="x", labelsize=page.small)
    axes.set_xlabel(
        wrapped(stack.label, max(12, page.characters(inches / page.inches))), fontsize=page.letters
    )
    _legend(axes, stack.parts, inches, page)


def _draw_part(
    axes: Axes,
    left: npt.NDArray[np.float64],
    width: npt.NDArray[np.float64],
    name: str,
    colour: str,
) -> None:
    """Draw one part of every bar: white lines part the colours, and hatch them."""
    with matplotlib.rc_context({"hatch.linewidth": 0.5}):
        axes.barh(
            range(len(width)), width, left=left, color=colour, label=name, ec="white", lw=0.4,
            hatch=HATCHES.get(colour),
        )  # fmt: skip


def _legend(axes: Axes, parts: Mapping[str, tuple[str, str]], inches: float, page: Page) -> None:
    """Name parts above the bars, in as many columns as there is room for."""
    with matplotlib.rc_context({"hatch.linewidth": 0.5}):
        handles = [
            Patch(fc=colour, ec="white", lw=0.4, hatch=HATCHES.get(colour), label=name)
            for name, colour in parts.values()
        ]
    letters = page.legend
    widths = [len(name) * 0.56 * letters / 72 + 0.36 for name, _ in parts.values()]
    lines = ceil(sum(widths) / inches)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=ceil(len(parts) / lines),
        fontsize=letters, frameon=False, handlelength=1.4, columnspacing=1, borderaxespad=0.2,
        handletextpad=0.4,
    )  # fmt: skip
