"""The tornado plot: how far each factor moves a ratio, the widest on top."""

from __future__ import annotations

import pytest
from plot_cases import texts, title, y_labels

from pgsim.plots import draw_sensitivity
from pgsim.plots.drawing import BLUE, VERMILLION
from pgsim.study.sensitivity import Answer, Question, Sensitivity

TIME, ENERGY = Question("fixed", "time"), Question("fixed", "energy")


@pytest.fixture
def found() -> Sensitivity:
    """PG loses in time, 0.8, and wins in energy, 1.1; DRAM moves energy only, to both sides."""
    return Sensitivity(
        "digits",
        "pg-os",
        Answer("as it is", "-", {TIME: 0.8, ENERGY: 1.1}),
        (
            Answer("batch", "1", {TIME: 0.9, ENERGY: 1.2}),
            Answer("batch", "4", {TIME: 0.7, ENERGY: 1.15}),
            Answer("DRAM", "x 0.5", {TIME: 0.8, ENERGY: 0.9}),
            Answer("DRAM", "x 2", {TIME: 0.8, ENERGY: 1.3}),
        ),
    )


def test_bars_go_from_the_ratio_as_it_is_to_each_setting(found: Sensitivity) -> None:
    time, energy = draw_sensitivity(found).axes
    bars = {(bar.get_x(), round(bar.get_x() + bar.get_width(), 9)) for bar in time.patches}
    assert bars == {(0.8, 0.7), (0.8, 0.9), (0.8, 0.8)}
    assert energy.get_xlabel() == "energy of fixed over PG's"


def test_the_widest_factor_is_on_top(found: Sensitivity) -> None:
    time, energy = draw_sensitivity(found).axes
    assert y_labels(time) == ["batch", "DRAM"]
    assert y_labels(energy) == ["DRAM", "batch"]


def test_settings_stand_at_the_ends(found: Sensitivity) -> None:
    _, energy = draw_sensitivity(found).axes
    assert texts(energy) == ["x 0.5", "x 2", "1"]  # batch 4 lies within the bar of batch 1


def test_who_wins_otherwise_has_another_colour(found: Sensitivity) -> None:
    _, energy = draw_sensitivity(found).axes
    colours = {round(bar.get_width(), 9): bar.get_facecolor() for bar in energy.patches}
    from matplotlib.colors import to_rgba

    assert colours == {
        -0.2: to_rgba(VERMILLION), 0.2: to_rgba(BLUE), 0.1: to_rgba(BLUE), 0.05: to_rgba(BLUE),
    }  # fmt: skip


def test_lines_stand_at_the_ratio_as_it_is_and_at_1(found: Sensitivity) -> None:
    for axes, base in zip(draw_sensitivity(found).axes, (0.8, 1.1), strict=True):
        assert [line.get_xdata()[0] for line in axes.get_lines()] == [base, 1]


def test_the_title_says_what_flips(found: Sensitivity) -> None:
    assert title(draw_sensitivity(found)) == (
        "digits on pg-os. PG is leaner than fixed (1.10), but for DRAM x 0.5 (0.90). 1 of 2 "
        "findings hold throughout."
    )
