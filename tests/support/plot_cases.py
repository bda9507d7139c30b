"""Tables and comparisons to draw, and what a figure shows of them."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.study.waterfalls import Waterfall


def layer_row(**values: Any) -> dict[str, Any]:
    """One layer of 2 images: 100 + 40 + 20 + 30 + 10 cycles and 5 + 1 + 2 + 8 + 4 uJ."""
    row: dict[str, Any] = {
        "arch": "pg-os",
        "trace": "digits",
        "mask_source": "captured",
        "scheme": "pg",
        "layer": "conv1",
        "images": 2,
        "outputs": 8,
        "weight_bits": 8,
        "mask_density": 0.25,
        "msb_cycles": 100,
        "lsb_cycles": 40,
        "bubble_cycles": 20,
        "port_stall_cycles": 30,
        "dram_stall_cycles": 10,
        "cycles": 200,
        "time_us": 0.4,
        "pe_utilization": 0.5,
        "energy_pe_pj": 5e6,
        "energy_gating_pj": 1e6,
        "energy_sram_pj": 2e6,
        "energy_dram_pj": 8e6,
        "energy_leakage_pj": 4e6,
        "energy_pj": 20e6,
    }
    return row | values


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of rows that differ from `layer_row` in these values."""
    return pd.DataFrame([layer_row(**row) for row in rows])


def fake_account(against: str, quantity: str, *totals: float) -> Waterfall:
    """An account of one layer, of which the network's figures are these."""
    steps = dict.fromkeys(["baseline", "promise", "edges", "port stalls", "DRAM stalls"], "why")
    exact = [Fraction(total) for total in totals]
    return Waterfall(against, quantity, steps, {"conv1": [Fraction(7)] * 5, "network": exact})


def fake_comparison(mask_source: str = "captured", warnings: tuple[str, ...] = ()) -> Any:
    """Two designs of 2 images, and four accounts; that of cycles is 1000, 400, 450, 450, 600."""
    of_designs = [
        {"design": "PG", "speedup": 1.5, "energy_ratio": 3.0, "accuracy": 0.87, "verdict": "gated"},
        {
            "design": "uniform 8,8", "speedup": 1.0, "energy_ratio": 1.0,
            "accuracy": float("nan"), "verdict": "dominates",
        },
    ]  # fmt: skip
    designs = pd.DataFrame([each | layer_row() for each in of_designs]).drop(columns="layer")
    return SimpleNamespace(
        designs=designs.assign(mask_source=mask_source),
        waterfalls=(
            fake_account("uniform 8,8", "cycles", 1000, 400, 450, 450, 600),
            fake_account("ungated", "cycles", 800, 500, 550, 550, 600),
            fake_account("uniform 8,8", "energy_pj", 40e6, 10e6, 10e6, 15e6, 20e6),
            fake_account("ungated", "energy_pj", 30e6, 12e6, 12e6, 15e6, 20e6),
        ),
        finding="half of it survives",
        warnings=warnings,
    )


def spans(axes: Axes) -> list[tuple[float, float]]:
    """Where every horizontal bar begins and ends, in the order drawn."""
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]


def widths(axes: Axes) -> dict[str, list[float]]:
    """The lengths of stacked bars, from the top down, by the name of their part."""
    return {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}


def texts(axes: Axes) -> list[str]:
    """What is written beside bars, in the order drawn."""
    return [text.get_text() for text in axes.texts]


def y_labels(axes: Axes) -> list[str]:
    """The labels along the y axis."""
    return [label.get_text() for label in axes.get_yticklabels()]


def lines(figure: Figure) -> dict[str, list[tuple[float, float]]]:
    """The points of every line, by its label; hollow marks that lie on one are none."""
    return {
        str(line.get_label()): list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in figure.axes[0].get_lines()
        if line.get_label() != "_hollow"
    }


def title(figure: Figure) -> str:
    """What stands above all."""
    return figure.get_suptitle()


def looks(figure: Figure) -> dict[str, tuple[Any, Any, Any]]:
    """The colour, dashes and marker of every line, by its label."""
    return {
        str(line.get_label()): (line.get_color(), line.get_linestyle(), line.get_marker())
        for line in figure.axes[0].get_lines()
    }
