"""The figure of windows: what every bar is, what is marked, and what a reader must know."""

from __future__ import annotations

import numpy as np
import pytest
from designs import design, linear, random_mask, trace_of
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plot_cases import texts, title

from pgsim.plots import draw_windows
from pgsim.plots.drawing import LATENCY
from pgsim.study.window_study import windows
from pgsim.study.window_trade import WindowTrade

CHANGES = {
    "memory.output_sram.kib": 0.125,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
    "memory.dram.bytes_per_cycle": 4,
}


def trade_of(objective: str = "latency", source: str = "synthetic") -> WindowTrade:
    """Windows of 8, 4, 3, 2 and 1 positions, of two images."""
    layer = linear(8, 5, 4)
    trace = trace_of(layer, random_mask(layer, 2), mask_source=source)
    return windows(trace, design(CHANGES), objective=objective)


def marks(axes: Axes) -> dict[str, tuple[float, float]]:
    """Where every mark stands, by its marker."""
    return {
        str(line.get_marker()): (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axes.get_lines()
    }


@pytest.fixture(scope="module")
def found() -> WindowTrade:
    return trade_of()


@pytest.fixture(scope="module")
def figure(found: WindowTrade) -> Figure:
    return draw_windows(found)


def test_parts_of_cycles_are_stacked_window_by_window(found: WindowTrade, figure: Figure) -> None:
    cycles, _ = figure.axes
    rows = found.table[found.table["choice"] != "fixed order"].sort_values("window_slots")
    below = np.zeros(5)
    for bars, column in zip(cycles.containers, LATENCY, strict=True):
        heights = [bar.get_height() for bar in bars]
        assert heights == (rows[column] / 2).tolist()
        assert [bar.get_y() for bar in bars] == below.tolist()
        below += heights
    assert below.tolist() == (rows["cycles"] / 2).tolist()


def test_windows_stand_side_by_side_under_their_names(figure: Figure) -> None:
    _, lanes = figure.axes
    assert [label.get_text() for label in lanes.get_xticklabels()] == ["1", "2", "3", "4", "8"]
    assert lanes.get_xticks().tolist() == [0, 1, 2, 3, 4]
    assert "not to scale" in lanes.get_xlabel()


def test_what_fits_and_what_the_best_block_has_are_below(
    found: WindowTrade, figure: Figure
) -> None:
    """16 sums: four channels beside up to 4 positions, two beside 8."""
    _, lanes = figure.axes
    room, own = ([bar.get_height() for bar in bars] for bars in lanes.containers)
    assert room == [4, 4, 4, 4, 2]
    assert own == [point.lanes for point in found.points]


def test_the_fixed_order_and_the_choice_are_marked_and_named(
    found: WindowTrade, figure: Figure
) -> None:
    cycles, lanes = figure.axes
    place = [point.slots for point in found.points].index(found.chosen.slots)
    assert marks(cycles) == {
        "D": (4, found.cycles(found.fixed)),
        "*": (place, found.cycles(found.chosen)),
    }
    assert marks(lanes) == {"D": (4, 2), "*": (place, found.chosen.lanes)}
    assert {"fixed order", "chosen"} <= set(texts(cycles))
    (legend,) = figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    assert [name.split(":")[0] for name in named[:2]] == ["fixed order", "chosen"]


def test_a_window_between_two_others_is_marked_between_them() -> None:
    """The fixed order of windows of 6: between 4, which stands at 3, and 8, which stands at 4."""
    layer = linear(8, 5, 4)
    trace = trace_of(layer, random_mask(layer, 2))
    changes = {"array.dataflow": "ws", "array.rows": 8, "lsb.window": 6}
    cycles, _ = draw_windows(windows(trace, design(CHANGES | changes))).axes
    assert marks(cycles)["D"][0] == 3.5


def test_bars_that_are_cut_off_say_how_high_they_are(found: WindowTrade, figure: Figure) -> None:
    cycles, _ = figure.axes
    top = cycles.get_ylim()[1]
    cut = [point for point in found.points if found.cycles(point) > top]
    assert cut and top == 2 * found.cycles(found.fixed)
    assert len([text for text in texts(cycles) if text[0].isdigit()]) == len(cut)


@pytest.mark.parametrize(
    ("objective", "label"),
    [("energy", "energy,\nnJ per image"), ("dram", "bursts per image")],
)
def test_another_objective_has_a_panel_of_its_own(objective: str, label: str) -> None:
    trade = trade_of(objective)
    value, _, _ = draw_windows(trade).axes
    assert value.get_ylabel().endswith(label)
    size = 1e3 if objective == "energy" else 1
    heights = [bar.get_height() for bar in value.patches]
    assert heights == pytest.approx([trade.value(point) / size for point in trade.points])
    assert marks(value)["D"][1] == pytest.approx(trade.value(trade.fixed) / size)


@pytest.mark.parametrize(
    ("source", "words"), [("synthetic", "SYNTHETIC masks"), ("captured", "captured masks")]
)
def test_the_title_says_where_masks_come_from(source: str, words: str) -> None:
    shown = " ".join(title(draw_windows(trade_of(source=source))).split())
    assert f"images 0 to 1, {words}) on test-4x2, pg" in shown
    assert "the fixed order" in shown
