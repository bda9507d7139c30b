"""What a person can get wrong about a figure, and what they are told."""

from __future__ import annotations

import pytest
from plot_cases import table

from pgsim.errors import InputError
from pgsim.plots import draw_results


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": "array.rows", "y": "cycels"}, "'cycels' is not in this table. .*'cycles'"),
        ({"x": "array.row", "y": "cycles"}, "'array.row' is not in this table. .*'array.rows'"),
        (
            {"x": "array.rows", "y": "weight_bits"},
            "'weight_bits' cannot be .* one of images, .*cycles",
        ),
        ({"x": "array.rows", "y": "arch"}, "'arch' cannot be drawn"),
        ({"x": "outputs", "y": "cycles"}, "x: expected one of arch, scheme, .*, not 'outputs'"),
        ({"x": "array.rows"}, "give y too"),
        ({"y": "cycles"}, "give x too"),
        ({"by": "desing"}, "not 'desing'. Did you mean 'design'"),
    ],
)
def test_errors_say_what_was_expected(arguments: dict[str, str], message: str) -> None:
    frame = table({"array.rows": 8, "weight_bits": 4}, {"array.rows": 8, "layer": "conv2"})
    with pytest.raises(InputError, match=message):
        draw_results(frame, **arguments)


def test_a_table_without_the_columns_of_results_is_refused() -> None:
    with pytest.raises(InputError, match="'energy_dram_pj' is not in this table"):
        draw_results(table({}).drop(columns="energy_dram_pj"))
    with pytest.raises(InputError, match="'layer' is not in this table"):
        draw_results(table({}).drop(columns="layer"), by="layer")
    with pytest.raises(InputError, match="no rows"):
        draw_results(table({}).iloc[:0])


def test_a_column_without_a_number_is_refused() -> None:
    frame = table({"mask_density": float("nan")})
    with pytest.raises(InputError, match="'mask_density' is empty"):
        draw_results(frame, x="arch", y="mask_density")


def test_more_than_a_figure_can_show_is_refused() -> None:
    frame = table(*({"arch": f"design {number}"} for number in range(201)))
    with pytest.raises(InputError, match="201 bars"):
        draw_results(frame)
    with pytest.raises(InputError, match="201 lines"):
        draw_results(frame, x="scheme", y="cycles")
