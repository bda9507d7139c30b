"""Heat maps: which cell has which value, and what is written in it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from plot_cases import table, y_labels

from pgsim.errors import InputError
from pgsim.plots import draw_heat_map

ROWS, COLUMNS = (16, 4), (32, 8, 2)


def sweep(**more: Any) -> Any:
    return table(
        *(
            {
                "array.rows": rows, "array.columns": columns, "scheme": scheme,
                "pe_utilization": 1 / rows if scheme == "pg" else 1 / columns,
                "cycles": 2000 * rows * columns,
            } | more
            for rows, columns, scheme in product(ROWS, COLUMNS, ("pg", "full"))
        )
    )  # fmt: skip


def cells(figure: Figure, panel: int = 0) -> list[list[float]]:
    return np.asarray(figure.axes[panel].get_images()[0].get_array()).tolist()


def test_shapes_stand_in_order_and_schemes_have_panels() -> None:
    figure = draw_heat_map(sweep())
    pg, full, bar = figure.axes
    assert [label.get_text() for label in pg.get_xticklabels()] == ["2", "8", "32"]
    assert y_labels(pg) == ["4", "16"]
    assert [axes.get_title(loc="left") for axes in (pg, full)] == ["scheme: pg", "scheme: full"]
    assert cells(figure) == [[1 / 4] * 3, [1 / 16] * 3]
    assert cells(figure, 1) == [[1 / 2, 1 / 8, 1 / 32]] * 2
    # one scale for all panels: from the least to the most of both
    assert {axes.get_images()[0].get_clim() for axes in (pg, full)} == {(1 / 32, 1 / 2)}
    assert "useful bit operations" in bar.get_ylabel()


def test_numbers_are_written_where_they_can_be_read() -> None:
    figure = draw_heat_map(sweep(), where=["scheme=pg"])
    written = {text.get_position(): text for text in figure.axes[0].texts}
    assert written[0, 0].get_text() == "0.250" and written[2, 1].get_text() == "0.0625"
    # dark letters on the brightest colour, and white ones on the darkest
    assert written[0, 0].get_color() == "black" and written[2, 1].get_color() == "white"
    many = table(*({"array.rows": 1, "array.columns": each} for each in range(1, 60)))
    assert not draw_heat_map(many, width="column").axes[0].texts


def test_any_result_over_any_columns_in_its_unit_or_relative() -> None:
    frame = sweep()
    figure = draw_heat_map(
        frame, value="cycles", x="scheme", y="array.rows", where="array.columns=8"
    )
    # 2000 cycles a PE, of 2 images
    assert cells(figure) == [[32_000, 32_000], [128_000, 128_000]]
    assert figure.axes[-1].get_ylabel() == "cycles per image"
    ratio = draw_heat_map(frame, value="cycles", aggregate="mean", normalize="array.rows=4")
    assert cells(ratio) == [[1] * 3, [4] * 3]
    assert "per image" not in ratio.axes[-1].get_ylabel()


def test_a_shape_that_was_not_swept_has_no_colour() -> None:
    frame = table({"array.rows": 4, "array.columns": 4}, {"array.rows": 8, "array.columns": 8})
    found = np.asarray(cells(draw_heat_map(frame, value="cycles")), dtype=float)
    assert np.isnan(found).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"x": "array.column"},
            "x: expected a column that a sweep .* Did you mean 'array.columns'",
        ),
        ({"y": "cycles"}, "y: expected a column that a sweep varied"),
        ({"x": "array.rows"}, "x and y: expected different columns, not 'array.rows' twice"),
        ({"value": "cycels"}, "'cycels' is not in this table. Did you mean 'cycles'"),
        ({"value": "arch"}, "cannot be drawn"),
        ({"facet": "schem"}, "Did you mean 'scheme'"),
    ],
)
def test_what_cannot_be_drawn_is_named(words: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_heat_map(sweep(), **words)


def test_a_table_without_shapes_says_what_it_has() -> None:
    with pytest.raises(InputError, match="x: expected a column that a sweep varied, one of arch"):
        draw_heat_map(table({}))
