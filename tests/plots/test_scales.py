"""Axes: which values have ticks, which ticks have numbers, and where parts of 1 end."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from plot_cases import table

from pgsim import pareto
from pgsim.plots import draw_heat_map, draw_pareto, draw_results


def labelled(axes: Axes, name: str) -> list[str]:
    """The numbers that stand along an axis, within what it shows."""
    axes.figure.draw_without_rendering()
    low, high = sorted(getattr(axes, f"get_{name}lim")())
    ticks = getattr(axes, f"{name}axis").get_major_ticks()
    return [
        tick.label1.get_text()
        for tick in ticks
        if low <= tick.get_loc() <= high and tick.label1.get_text()
    ]


@pytest.mark.parametrize(
    ("swept", "ticks"),
    [
        (range(1, 13), list(range(1, 13))),  # twelve at most have one each
        (range(1, 14), [1, 3, 5, 7, 9, 11, 13]),  # every second of 13
        (range(1, 26), [1, 4, 7, 10, 13, 16, 19, 22, 25]),  # every third of 25
        ([2**n for n in range(15)], [1, 4, 16, 64, 256, 1024, 4096, 16384]),
        (range(1, 15), [1, 3, 5, 7, 8, 10, 12, 14]),  # 13 steps have no divisor: 8, about evenly
    ],
)
def test_ticks_stand_at_swept_values_alone(swept: range | list[int], ticks: list[int]) -> None:
    frame = table(*({"array.rows": rows, "cycles": 100 * rows} for rows in swept))
    for width in (None, "column"):
        axes = draw_results(frame, x="array.rows", y="cycles", width=width).axes[0]
        assert axes.get_xticks().tolist() == ticks
        assert not axes.get_xticks(minor=True).size
        named = labelled(axes, "x")
        assert (named[0], named[-1]) == (str(ticks[0]), str(ticks[-1]))


@pytest.mark.parametrize("most", [1.05, 1.3, 1.9, 3.0, 8.0])
@pytest.mark.parametrize("least", [1.03, 4.9, 7.0])
def test_three_ticks_of_a_logarithmic_axis_are_named(least: float, most: float) -> None:
    energies = np.geomspace(least, least * most, 5) * 2e6
    frame = table(*({"array.rows": n, "energy_pj": each} for n, each in enumerate(energies, 1)))
    axes = draw_results(frame, x="array.rows", y="energy_pj", log="y", width="column").axes[0]
    assert axes.get_yscale() == "log"
    assert len(labelled(axes, "y")) >= 3


def test_what_is_a_part_ends_at_one() -> None:
    frame = table(
        *(
            {"array.rows": rows, "accuracy": accuracy, "pe_utilization": accuracy}
            for rows, accuracy in ((8, 0.9), (16, 1.0), (32, 0.8))
        )
    )
    (axes,) = draw_pareto(pareto(frame, "array.rows", "accuracy")).axes
    assert axes.get_ylim()[1] == 1
    for x, y in (("pe_utilization", "energy_pj"), ("array.rows", "pe_utilization")):
        axes = draw_results(frame, x=x, y=y).axes[0]
        limits = axes.get_xlim() if x == "pe_utilization" else axes.get_ylim()
        assert limits[1] == 1
    relative = draw_results(frame, x="array.rows", y="accuracy", normalize="array.rows=32")
    assert relative.axes[0].get_ylim()[1] > 1.25  # a ratio may be above 1: of 1.0 and 0.8


def test_headings_beside_a_colour_bar_do_not_touch() -> None:
    frame = table(
        *(
            {"array.rows": rows, "array.columns": 8, "scheme": scheme, "arch": arch}
            for rows in (8, 16)
            for scheme in ("pg", "full", "uniform:8,8")
            for arch in ("pg-os-16x16", "pg-ws-16x16")
        )
    )
    for width in ("column", "page", None):
        figure = draw_heat_map(frame, width=width)
        figure.draw_without_rendering()
        headings = [
            text
            for axes in figure.axes[:-1]
            for text in axes.get_children()
            if isinstance(text, Text) and text.get_text() == axes.get_title(loc="left") != ""
        ]
        assert len(headings) == (6 if width == "column" else 3)  # a grid has a row of them
        boxes = [text.get_window_extent() for text in headings]
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_axes_of_what_is_never_negative_begin_at_0_or_above() -> None:
    frame = table({"cycles": 1, "macs": 2}, {"cycles": 90, "macs": 190, "scheme": "full"})
    (axes,) = draw_results(frame, x="cycles", y="macs", log="none").axes
    assert axes.get_xlim()[0] == axes.get_ylim()[0] == 0
    assert min(axes.get_xticks()) >= 0


@pytest.mark.parametrize(
    ("least", "most"), [(1e3, 1.2), (2.6e4, 2), (1e3, 25), (2.6e4, 160), (1e3, 1e8)]
)
def test_numbers_of_logarithmic_axes_stand_apart_in_small_panels(least: float, most: float) -> None:
    values = np.geomspace(least, least * most, 5).astype(np.int64)
    rows = [
        {"cycles": each, "energy_pj": 2e6 * each, "array.rows": n, "array.columns": columns}
        for columns in (4, 8)
        for n, each in enumerate(values, 1)
    ]
    figure = draw_results(
        table(*rows), x="cycles", y="energy_pj", log="xy", facet="array.columns", width="column"
    )
    figure.draw_without_rendering()
    for name in ("x", "y"):
        axes = figure.axes[0]
        low, high = getattr(axes, f"get_{name}lim")()
        ticks = getattr(axes, f"{name}axis").get_major_ticks()
        boxes = [
            tick.label1.get_window_extent()
            for tick in ticks
            if tick.label1.get_text() and low <= tick.get_loc() <= high
        ]
        assert len(boxes) >= 2
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])
