"""Accuracies that a table lacks, and tables that `pareto` wrote, as figures show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from plot_cases import table, title

from pgsim import load_trace, pareto, read_table
from pgsim.errors import InputError
from pgsim.plots import draw_heat_map, draw_pareto, draw_results

FRAME = table(
    *(
        {"trace": "digits_pg_4_2", "scheme": scheme, "array.rows": rows, "energy_pj": energy * 1e6}
        for scheme, rows, energy in (("pg", 8, 2), ("pg", 16, 4), ("full", 8, 6), ("full", 16, 8))
    )
).assign(**{"array.columns": 8})
STATED = load_trace("digits_pg_4_2", verify=False).accuracy  # of the shipped manifest


def points(figure: object) -> list[tuple[float, float]]:
    """The places of all marks but the front's."""
    lines = figure.axes[0].get_lines()[:-1]  # type: ignore[attr-defined]
    return [point for line in lines for point in zip(*line.get_data(), strict=True)]


def test_an_axis_may_be_the_accuracy_that_traces_state() -> None:
    pg, full = STATED["top1_pg"], STATED["top1_full"]
    # energies of 2 images, in uJ each
    expected = [(1, pg), (2, pg), (3, full), (4, full)]
    assert points(draw_results(FRAME, x="energy_pj", y="accuracy")) == expected
    assert points(draw_pareto(pareto(FRAME, "energy_pj", "accuracy"))) == expected
    turned = points(draw_results(FRAME, x="accuracy", y="energy_pj"))
    assert turned == [(y, x) for x, y in expected]


def test_a_heat_map_shows_it_too() -> None:
    figure = draw_heat_map(FRAME, value="accuracy", where=["scheme=pg"])
    assert figure.axes[0].images[0].get_array().max() == STATED["top1_pg"]


def test_a_table_of_a_front_is_drawn_as_it_is(tmp_path: Path) -> None:
    odd = FRAME.assign(cycles=[201, 203, 205, 207])  # of 2 images: no whole number of one
    found = pareto(odd, "cycles", "energy_pj")
    found.designs.to_csv(tmp_path / "front.csv", index=False)
    again = read_table(tmp_path / "front.csv")
    expected = [(100.5, 1), (101.5, 2), (102.5, 3), (103.5, 4)]
    figure = draw_results(again)
    assert points(figure) == points(draw_results(odd, x="cycles", y="energy_pj")) == expected
    assert title(figure).startswith("digits_pg_4_2 (captured masks) on pg-os; ")
    assert list(pareto(again, "cycles", "energy_pj").designs["cycles"]) == [x for x, _ in expected]


def test_a_table_of_a_front_with_one_result_asks_for_axes() -> None:
    designs = pareto(FRAME, "array.rows", "energy_pj").designs
    with pytest.raises(InputError, match=r"which pareto wrote, .* give x and y"):
        draw_results(designs)
    assert draw_results(designs, x="array.rows", y="energy_pj").axes
