"""Bars of a table: latency and energy by part, of designs or of layers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from plot_cases import table, texts, widths, y_labels

from pgsim.plots import draw_results


def test_a_designs_bar_sums_its_layers_per_image() -> None:
    frame = table({}, {"layer": "conv2", "msb_cycles": 300, "cycles": 400, "time_us": 0.8})
    latency, energy = draw_results(frame).axes
    # (100 + 300) / 2 images, and twice 40, 20, 30 and 10 over 2 images
    assert widths(latency) == {
        "first pass (MSBs)": [200],
        "later passes (LSBs)": [40],
        "bubbles": [20],
        "port stalls": [30],
        "DRAM stalls": [10],
    }
    assert widths(energy) == {
        "PEs": [5], "gating": [1], "SRAM": [2], "DRAM": [8], "leakage": [4],
    }  # fmt: skip
    assert y_labels(latency) == ["pg-os, pg"]
    assert energy.get_xlabel() == "energy, uJ per image"


def test_layers_are_kept_apart_by_layer() -> None:
    frame = table({}, {"layer": "conv2", "msb_cycles": 300, "cycles": 400, "time_us": 0.8})
    latency, _ = draw_results(frame, by="layer").axes
    assert y_labels(latency) == ["conv1", "conv2"]
    assert widths(latency)["first pass (MSBs)"] == [50, 150]


def test_layers_of_several_designs_say_whose_they_are() -> None:
    latency, _ = draw_results(table({}, {"scheme": "full"}), by="layer").axes
    assert y_labels(latency) == ["conv1: pg", "conv1: full"]


def test_layers_do_not_repeat_what_all_designs_share() -> None:
    axes, _ = draw_results(table({"array.rows": 8}, {"array.rows": 16}), by="layer").axes
    assert y_labels(axes) == ["conv1: array.rows=8", "conv1: array.rows=16"]
    (axes, *_) = draw_results(table({}, {"layer": "conv2"}), by="layer").axes
    assert y_labels(axes) == ["conv1", "conv2"]


def test_images_kept_apart_are_averaged() -> None:
    frame = table({"image": 0, "images": 1}, {"image": 1, "images": 1, "msb_cycles": 200})
    assert widths(draw_results(frame).axes[0])["first pass (MSBs)"] == [150]


def test_labels_hold_what_a_sweep_varied_and_nothing_else() -> None:
    frame = table({"array.rows": 8, "lsb.depth": 4}, {"array.rows": 16, "lsb.depth": 4})
    assert y_labels(draw_results(frame).axes[0]) == [
        "pg-os, pg, array.rows=8",
        "pg-os, pg, array.rows=16",
    ]


def test_rows_of_a_comparison_are_named_by_design() -> None:
    frame = table({"design": "PG"}, {"design": "fixed PEs", "scheme": "full"})
    assert y_labels(draw_results(frame).axes[0]) == ["PG", "fixed PEs"]


def test_synthetic_and_captured_masks_are_told_apart_bar_by_bar() -> None:
    frame = table({}, {"trace": "made", "mask_source": "synthetic"})
    latency, _ = draw_results(frame).axes
    assert [label.replace("\n", " ") for label in y_labels(latency)] == [
        "pg-os, pg, digits, captured masks",
        "pg-os, pg, made, SYNTHETIC masks",
    ]


def test_designs_of_different_clocks_are_compared_in_time() -> None:
    # 200 cycles of 2 images in 0.4 us and in 0.8 us: 100 of them are the MSB pass
    latency, _ = draw_results(table({}, {"arch": "slow", "time_us": 0.8})).axes
    assert latency.get_xlabel() == "latency, us per image"
    assert widths(latency)["first pass (MSBs)"] == pytest.approx([0.1, 0.2])


def test_what_two_arrays_do_at_once_lies_before_0() -> None:
    # 200 cycles of parts in 160 of 2 images: bars begin 20 before 0, and end at 80 an image.
    at_once = {"cycles": 160, "both_cycles": 40, "time_us": 0.32}
    latency, _ = draw_results(table(at_once, {"both_cycles": 0, "scheme": "full"})).axes
    first, *_, last = latency.containers
    assert [bar.get_x() for bar in first] == [-20, 0]
    assert [bar.get_x() + bar.get_width() for bar in last] == [80, 100]
    assert texts(latency)[:2] == ["80.0", "100"]
    assert latency.get_xlim()[0] == -20
    assert "below 0: done at once" in " ".join(latency.get_xlabel().split())


def test_bars_begin_at_0_whatever_their_parts_add_up_to() -> None:
    # 200 cycles of parts beside a total of 160, and no word of two arrays.
    latency, _ = draw_results(table({"cycles": 160}, {"scheme": "full"})).axes
    assert [bar.get_x() for bar in latency.containers[0]] == [0, 0]


@pytest.mark.parametrize(
    ("energy_pj", "unit", "width"), [(6e2, "pJ", 300), (6e4, "nJ", 30), (6e10, "mJ", 30)]
)
def test_energies_have_the_unit_that_suits_them(energy_pj: float, unit: str, width: float) -> None:
    parts = ("gating", "sram", "dram", "leakage")
    row = {"energy_pe_pj": energy_pj} | {f"energy_{part}_pj": 0.0 for part in parts}
    _, energy = draw_results(table(row)).axes
    assert energy.get_xlabel().startswith(f"energy, {unit} per image")
    assert widths(energy)["PEs"] == pytest.approx([width])


@pytest.mark.parametrize("count", [2, 40])
def test_long_labels_are_wrapped_and_do_not_collide(count: int) -> None:
    long = "a design with quite a long name, as people give them"
    frame = table(*({"arch": f"{long} {number}"} for number in range(count)))
    figure = draw_results(frame)
    figure.draw_without_rendering()
    latency, energy = figure.axes
    boxes = [label.get_window_extent() for label in latency.get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    assert max(len(line) for label in y_labels(latency) for line in label.splitlines()) <= 30
    legend, frame_of_energy = latency.get_legend(), energy.get_window_extent()
    assert legend is not None and legend.get_window_extent().x1 < frame_of_energy.x0


def test_panels_side_by_side_reach_as_far_as_the_longest_bar_of_all() -> None:
    # The same clock: 4,100 cycles in 41 times as long as the default 200 take.
    long = {"msb_cycles": 4000, "cycles": 4100, "time_us": 8.2}
    frame = table({"array.rows": 4, **long}, {"array.rows": 8, "time_us": 0.4})
    figure = draw_results(frame, facet=["array.rows"])
    latency = [axes for axes in figure.axes if "later passes (LSBs)" in widths(axes)]
    assert len(latency) == 2
    longest, short = (sum(sum(each) for each in widths(axes).values()) for axes in latency)
    assert longest == pytest.approx(4100 / 200 * short)
    assert all(axes.get_xlim()[1] > longest for axes in latency)


def test_what_was_done_at_once_is_not_drawn_where_counts_contradict_each_other() -> None:
    # All parts are 200 cycles, of which no 255 can have been done at the same time.
    latency, _ = draw_results(table({"cycles": 200, "both_cycles": 255, "time_us": 0.4})).axes
    assert latency.get_xlim()[0] == 0
    assert min(bar.get_x() for bar in latency.patches) == 0
