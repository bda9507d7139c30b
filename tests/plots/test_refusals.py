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
        ({"x": "weight_bits", "y": "cycles"}, "'weight_bits' cannot be drawn"),
        ({"x": "array.rows"}, "give y too"),
        ({"y": "cycles"}, "give x too"),
        ({"by": "desing"}, "by: expected design, .*, not 'desing'. Did you mean 'design'"),
        ({"facet": "schem"}, "facet: expected arch, .*, not 'schem'. Did you mean 'scheme'"),
        ({"facet": "cycles"}, "facet: expected arch, .*, not 'cycles'"),
        ({"facet": ["arch", "scheme", "layer"]}, "facet: expected two columns at most, not 3"),
        ({"by": "arch", "facet": "arch"}, "by and facet: expected different columns, not 'arch'"),
        ({"aggregate": "men"}, "aggregate: expected one of mean, .* Did you mean 'mean'"),
        ({"log": "z"}, "log: expected one of x, y, xy, none, not 'z'"),
        ({"width": "colum"}, "width: expected one of column, page, .* Did you mean 'column'"),
        ({"parts": ["enrgy"]}, "parts: expected one of latency, .* Did you mean 'energy'"),
        ({"parts": []}, "parts: expected one or more of latency"),
        ({"x": "arch", "y": "cycles", "log": "x"}, "log: 'arch' has words"),
        ({"speed_up": "scheme=pg"}, "speed_up: expected y, .* over an x that was swept"),
        ({"speed_up": "first", "normalize": "first"}, "normalize and speed_up: expected one"),
        (
            {"x": "array.rows", "y": "cycles", "speed_up": "scheme=ful"},
            "speed_up scheme=ful: column 'scheme' is nowhere 'ful'",
        ),
        ({"normalize": "scheme=ful"}, "normalize scheme=ful: column 'scheme' is nowhere 'ful'"),
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
    frame = table(*({"layer": f"conv{number}"} for number in range(201)))
    with pytest.raises(InputError, match=r"201 bars .* give where, by, facet or aggregate"):
        draw_results(frame, by="layer")
    with pytest.raises(InputError, match=r"201 lines .* give facet, where, or aggregate"):
        draw_results(frame, x="scheme", y="cycles", by="layer")


def test_no_logarithm_of_nothing() -> None:
    frame = table({"array.rows": 8, "lsb_cycles": 0}, {"array.rows": 16})
    with pytest.raises(InputError, match="'lsb_cycles' has values that are 0 or less"):
        draw_results(frame, x="array.rows", y="lsb_cycles", log="y")
