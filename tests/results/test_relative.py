"""Values relative to a baseline; every quotient is worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.results.relative import relative

POINTS = pd.DataFrame(
    {
        "arch": ["os", "os", "ws", "ws"],
        "scheme": ["full", "pg", "full", "pg"],
        "mask_source": ["captured"] * 4,
        "cycles": [100.0, 25.0, 50.0, 40.0],
    }
)


@pytest.mark.parametrize(
    ("to", "within", "expected"),
    [
        ("first", [], [1, 0.25, 0.5, 0.4]),
        ("first", ["arch"], [1, 0.25, 1, 0.8]),  # 40 / 50
        ("scheme=full", [], [1, 0.25, 1, 0.8]),  # each architecture by its own
        ("scheme=pg", [], [4, 1, 1.25, 1]),
        ("arch=ws", [], [2, 0.625, 1, 1]),  # 100 / 50 and 25 / 40: each scheme by its own
    ],
)
def test_every_value_is_divided_by_its_baseline(to: str, within: list, expected: list) -> None:
    assert relative(POINTS, ["cycles"], to, within=within)["cycles"].tolist() == expected


def test_one_row_is_the_baseline_of_all() -> None:
    points = POINTS.assign(name=["a", "b", "c", "d"])
    found = relative(points, ["cycles"], "name=c")
    assert found["cycles"].tolist() == [2, 0.5, 1, 0.8]


def test_several_values_have_the_same_baseline() -> None:
    found = relative(
        POINTS.assign(energy_pj=[8.0, 4.0, 2.0, 1.0]), ["cycles", "energy_pj"], "first"
    )
    assert found["energy_pj"].tolist() == [1, 0.5, 0.25, 0.125]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scheme": ["full", "pg", "full", "pg"], "arch": ["os", "os", "ws", "rs"]},
            "with arch=rs",
        ),
        ({"cycles": [0.0, 1.0, 1.0, 1.0]}, "the baseline is 0"),
        ({"arch": ["os"] * 4}, "several rows are the same"),
        ({"cycles": [float("nan"), 1.0, 1.0, 1.0]}, "with arch=os, or it has no value"),
    ],
)
def test_a_point_without_a_baseline_is_named(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        relative(POINTS.assign(**change), ["cycles"], "scheme=full")


def test_baselines_over_values_are_what_a_speed_up_is() -> None:
    found = relative(POINTS, ["cycles"], "scheme=full", inverse=True)
    assert found["cycles"].tolist() == [1, 4, 1, 1.25]  # 100 / 25, 50 / 40
    with pytest.raises(InputError, match="speed_up: a value is 0"):
        relative(POINTS.assign(cycles=[100, 0, 50, 40]), ["cycles"], "scheme=full", inverse=True)
