"""Figures of Pareto fronts: which designs are ringed, joined, numbered and named."""

from __future__ import annotations

import pytest
from matplotlib.text import Text
from plot_cases import table

from pgsim import pareto
from pgsim.errors import InputError
from pgsim.plots import draw_pareto, draw_results

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


def test_designs_that_lie_on_each_other_are_named_together_and_lacking_values_told() -> None:
    frame = table(
        *(
            {"array.rows": rows, "cycles": cycles, "energy_pj": energy, "accuracy": 0.5}
            for rows, cycles, energy in ((1, 1000, 4e6), (2, 1001, 3.99e6), (3, 3000, 1e6))
        ),
        {"array.rows": 4, "cycles": 9000},
    )
    found = pareto(frame, "cycles", "energy_pj")
    for figure in (draw_pareto(found), draw_results(frame, x="cycles", y="energy_pj")):
        shown = [text.get_text().replace("\n", " ") for text in figure.legends[0].get_texts()]
        assert "front: 3 of 4 designs" in shown
        assert [each[:2] for each in shown[-3:]] == ["1:", "2:", "3:"]
        assert [text.get_text() for text in figure.axes[0].texts] == ["1, 2", "3"]
    for figure in (
        draw_pareto(pareto(frame, "array.rows", "accuracy")),
        draw_results(frame, x="accuracy", y="energy_pj"),
    ):
        shown = [text.get_text().replace("\n", " ") for text in figure.legends[0].get_texts()]
        assert "front: 1 of 3 designs; 1 more lack a value" in shown


@pytest.mark.parametrize("width", ["column", "page", None])
def test_no_two_numbers_touch_in_any_panel(width: str | None) -> None:
    frame = table(
        *(
            {"array.rows": rows, "cycles": cycles, "energy_pj": energy, "area_mm2": area}
            for rows, cycles, energy, area in (
                # The second and third are far apart in energy, and side by side in area.
                (1, 1000, 7e6, 1.6), (2, 2000, 8e6, 1.3), (3, 2020, 6e6, 1.3), (4, 9000, 5e6, 1),
            )
        )
    )  # fmt: skip
    figure = draw_pareto(pareto(frame, "cycles", "energy_pj", "area_mm2"), width=width)
    assert [len(axes.texts) for axes in figure.axes] == [4, 3]
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [Text.get_window_extent(text) for text in axes.texts]  # without their arrows
        numbers = ", ".join(text.get_text() for text in axes.texts)
        assert sorted(numbers.split(", ")) == ["1", "2", "3", "4"]
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_three_that_lie_on_each_other_are_a_range() -> None:
    frame = table(
        *({"array.rows": n, "cycles": 1000 + n, "energy_pj": 4e6 - n} for n in range(1, 4)),
        {"array.rows": 9, "cycles": 3000, "energy_pj": 1e6},
    )
    (axes,) = draw_pareto(pareto(frame, "cycles", "energy_pj")).axes
    assert [text.get_text() for text in axes.texts] == ["1-3", "4"]


def test_of_many_designs_ten_are_numbered_which_the_legend_says() -> None:
    frame = table(
        *({"array.rows": n, "cycles": 100 * n, "energy_pj": 1e8 / n} for n in range(1, 13))
    )
    for figure in (
        draw_pareto(pareto(frame, "cycles", "energy_pj")),
        draw_results(frame, x="cycles", y="energy_pj"),
    ):
        shown = [text.get_text().replace("\n", " ") for text in figure.legends[0].get_texts()]
        assert "front: 12 of 12 designs, 10 of them numbered" in shown


def test_numbers_stand_on_the_side_where_no_design_is() -> None:
    (axes,) = draw_pareto(pareto(FRAME, "cycles", "area_mm2", most=["area_mm2"])).axes
    assert all(text.xyann[0] < 0 < text.xyann[1] for text in axes.texts)


def test_words_that_there_are_not_are_refused() -> None:
    found = pareto(FRAME, "cycles", "energy_pj")
    with pytest.raises(InputError, match="width: expected one of column, page"):
        draw_pareto(found, width="colum")
    with pytest.raises(InputError, match="log: expected one of x, y, xy, none"):
        draw_pareto(found, log="z")
