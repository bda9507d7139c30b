"""Figures of Pareto fronts: which designs are ringed, joined, numbered and named."""

from __future__ import annotations

import pytest
from plot_cases import table

from pgsim import pareto
from pgsim.errors import InputError
from pgsim.plots import draw_pareto

FRAME = table(
    *(
        {"array.rows": rows, "cycles": 2 * cycles, "energy_pj": 2e6 * energy, "area_mm2": area}
        for rows, cycles, energy, area in (
            (1, 10, 40, 3), (2, 20, 20, 2), (3, 30, 30, 1), (4, 40, 5, 4),
        )
    )
)  # fmt: skip


def test_designs_that_none_is_better_than_are_ringed_joined_numbered_and_named() -> None:
    figure = draw_pareto(pareto(FRAME, "cycles", "energy_pj"))
    (axes,) = figure.axes
    front = axes.get_lines()[-1]
    assert list(zip(front.get_xdata(), front.get_ydata(), strict=True)) == [
        (10, 40), (20, 20), (40, 5),
    ]  # fmt: skip
    assert front.get_drawstyle() == "steps-post"
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3"]
    shown = [text.get_text().replace("\n", " ") for text in figure.legends[0].get_texts()]
    assert shown[-4:] == [
        "front: 3 of 4 designs",
        *(f"{place}: pg-os, pg, array.rows={rows}" for place, rows in ((1, 1), (2, 2), (3, 4))),
    ]
    assert axes.get_ylabel().endswith("uJ per image")


def test_a_third_column_has_a_panel_of_its_own_and_no_line() -> None:
    figure = draw_pareto(pareto(FRAME, "cycles", "energy_pj", "area_mm2"), width="column")
    energy, area = figure.axes
    assert area.get_ylabel().endswith("mm2")
    for axes, values in ((energy, [40, 20, 30, 5]), (area, [3, 2, 1, 4])):
        ring = axes.get_lines()[-1]
        assert list(ring.get_ydata()) == values
        assert ring.get_linestyle() == "None"


def test_numbers_stand_on_the_side_where_no_design_is() -> None:
    (axes,) = draw_pareto(pareto(FRAME, "cycles", "area_mm2", most=["area_mm2"])).axes
    assert all(text.xyann[0] < 0 < text.xyann[1] for text in axes.texts)


def test_words_that_there_are_not_are_refused() -> None:
    found = pareto(FRAME, "cycles", "energy_pj")
    with pytest.raises(InputError, match="width: expected one of column, page"):
        draw_pareto(found, width="colum")
    with pytest.raises(InputError, match="log: expected one of x, y, xy, none"):
        draw_pareto(found, log="z")
