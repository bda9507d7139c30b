"""The figure of a comparison: the account of cycles, and every design beside its gain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from plot_cases import fake_comparison, spans, table, texts, title, widths, y_labels
from shipped import in_fixed_order

from pgsim.plots import draw_comparison, draw_results
from pgsim.plots.drawing import short
from pgsim.study.comparison import compare
from pgsim.workload import GateTrace


def test_the_waterfall_telescopes_from_the_baseline_to_the_design() -> None:
    axes = draw_comparison(fake_comparison()).axes[0]
    # 1000, 400, 450, 450, 600 cycles of 2 images; then the design's own bar.
    assert spans(axes) == [(0, 500), (500, 200), (200, 225), (225, 225), (225, 300), (0, 300)]
    assert texts(axes) == ["500.0", "\N{MINUS SIGN}300.0", "+25.0", "0", "+75.0", "300.0"]
    assert axes.get_xlabel() == "cycles per image, from uniform 8,8"


def test_there_are_four_waterfalls_in_cycles_and_energy_against_two_baselines() -> None:
    _, ungated, energy, energy_ungated, *_ = draw_comparison(fake_comparison()).axes
    # 800, 500, 550, 550, 600 cycles; 40, 10, 10, 15, 20 uJ; 30, 12, 12, 15, 20 uJ, of 2 images.
    assert spans(ungated)[:3] == [(0, 400), (400, 250), (250, 275)]
    assert spans(energy) == [(0, 20), (20, 5), (5, 5), (5, 7.5), (7.5, 10), (0, 10)]
    assert texts(energy_ungated) == [
        "15.00", "\N{MINUS SIGN}9.00", "0", "+1.50", "+2.50", "10.00",
    ]  # fmt: skip
    assert ungated.get_xlabel() == "cycles per image, from ungated"
    assert energy.get_xlabel() == "uJ per image, from uniform 8,8"
    assert set(y_labels(ungated)) == {""}  # the steps are named to the left


def test_the_waterfalls_connectors_stand_at_the_totals_and_join_neighbouring_bars() -> None:
    axes = draw_comparison(fake_comparison()).axes[0]
    found = [tuple(line.get_xdata()) for line in axes.get_lines()]
    assert found == [(each, each) for each in (500, 200, 225, 225, 300)]
    for row, line in enumerate(axes.get_lines()):
        top, bottom = line.get_ydata()
        assert top < row + 0.35 and bottom > row + 0.65  # the edges of bars of height 0.7


def test_gains_losses_and_totals_have_three_colours() -> None:
    baseline, gain, loss, _, other_loss, design = [
        bar.get_facecolor() for bar in draw_comparison(fake_comparison()).axes[0].patches
    ]
    assert baseline == design
    assert loss == other_loss
    assert len({baseline, gain, loss}) == 3


def test_every_step_is_named_and_explained_and_the_last_bar_is_the_design() -> None:
    names = y_labels(draw_comparison(fake_comparison()).axes[0])
    assert names[1] == "promise\nwhy"
    assert names[-1] == "PG"


def test_designs_are_broken_down_per_image_beside_their_gains() -> None:
    *_, latency, energy = draw_comparison(fake_comparison()).axes
    assert list(widths(latency).values()) == [[50, 50], [20, 20], [10, 10], [15, 15], [5, 5]]
    assert list(widths(energy).values()) == [[2.5] * 2, [0.5] * 2, [1] * 2, [4] * 2, [2] * 2]
    assert latency.get_xlabel() == "latency, cycles per image"
    assert energy.get_xlabel() == "energy, uJ per image"
    assert y_labels(latency) == ["PG, 87.0%", "uniform 8,8 *"]
    assert texts(latency) == ["100 (1.50x)", "100 (1.00x)"]
    assert texts(energy) == ["10.0 (3.00x)", "10.0 (1.00x)"]


@pytest.mark.parametrize("slower", [1, 100])
def test_the_waterfalls_legend_stands_between_the_title_and_the_bars(slower: int) -> None:
    comparison = fake_comparison()
    totals = comparison.waterfalls[0].totals["network"]
    totals[-1] *= slower
    figure = draw_comparison(comparison)
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend()
    assert legend is not None and figure._suptitle is not None
    box = legend.get_window_extent()
    assert figure.axes[0].get_window_extent().y1 <= box.y0
    assert box.y1 <= figure._suptitle.get_window_extent().y0


def test_the_caption_explains_names_brackets_and_marks() -> None:
    assert draw_comparison(fake_comparison()).get_supxlabel().splitlines() == [
        "Beside names: top-1 accuracy. In brackets: time, and energy, of uniform 8,8 over the "
        "design's.",
        "* at least as accurate as PG, faster, and with less energy. "
        "? faster than PG, and with less energy; how accurate is unknown.",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.0123, "0.0123"), (1.6, "1.60"), (100.0, "100"), (999.4, "999"),
        (999.7, "1.00k"), (4300.0, "4.30k"), (15827.0, "15.8k"), (2.5e8, "250M"),
    ],
)  # fmt: skip
def test_values_have_three_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_the_title_says_trace_images_architecture_finding_and_warnings() -> None:
    found = title(draw_comparison(fake_comparison(warnings=("mind the gap",))))
    assert found.splitlines() == [
        "digits (2 images, captured masks) on pg-os",
        "half of it survives",
        "Warning: mind the gap",
    ]


def test_synthetic_masks_are_labelled_in_capitals() -> None:
    assert "SYNTHETIC masks" in title(draw_comparison(fake_comparison("synthetic")))
    assert "SYNTHETIC masks" in title(draw_results(table({"mask_source": "synthetic"})))


def test_a_simulated_comparison_ends_at_the_simulated_cycles() -> None:
    shape: dict[str, Any] = {
        "name": "conv",
        "op": "conv2d",
        "in_channels": 4,
        "out_channels": 20,
        "in_size": (6, 6),
        "kernel": (3, 3),
        "activation_bits": 4,
        "msb_bits": 2,
        "weight_bits": 8,
        "gate": "output",
    }
    mask = np.random.default_rng(0).random((2, 20, 4, 4)) < 0.3
    comparison = compare(GateTrace.from_masks({"conv": mask}, [shape]), in_fixed_order("pg_os"))
    bars = spans(draw_comparison(comparison).axes[0])
    assert bars[0][1] == comparison.baseline.summary["cycles_per_image"]
    assert bars[-1][1] == pytest.approx(comparison.gated.summary["cycles_per_image"])
    for (_, end), (start, _) in pairwise(bars[:-1]):
        assert start == pytest.approx(end)
