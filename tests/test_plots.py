"""Figures hold the numbers they were given; expected ones are worked by hand in the comments."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgsim.study.comparison import compare
from pgsim.errors import InputError
from pgsim.plots import (
    check_plot_path,
    draw_comparison,
    draw_results,
    plot_comparison,
    plot_results,
)
from pgsim.plots.drawing import short
from pgsim.workload import GateTrace

SIGNATURES = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".svg": b"<?xml"}


def layer_row(**values: Any) -> dict[str, Any]:
    """One layer of 2 images: 100 + 40 + 20 + 30 + 10 cycles and 5 + 1 + 2 + 8 + 4 uJ."""
    row: dict[str, Any] = {
        "arch": "pg-os",
        "trace": "digits",
        "mask_source": "captured",
        "scheme": "pg",
        "layer": "conv1",
        "images": 2,
        "outputs": 8,
        "weight_bits": 8,
        "mask_density": 0.25,
        "msb_cycles": 100,
        "lsb_cycles": 40,
        "bubble_cycles": 20,
        "port_stall_cycles": 30,
        "dram_stall_cycles": 10,
        "cycles": 200,
        "time_us": 0.4,
        "pe_utilization": 0.5,
        "energy_pe_pj": 5e6,
        "energy_gating_pj": 1e6,
        "energy_sram_pj": 2e6,
        "energy_dram_pj": 8e6,
        "energy_leakage_pj": 4e6,
        "energy_pj": 20e6,
    }
    return row | values


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([layer_row(**row) for row in rows])


def fake_comparison(mask_source: str = "captured", warnings: tuple[str, ...] = ()) -> Any:
    """Two designs of 2 images, and an account 1000, 400, 450, 450, 600 of the network."""
    designs = pd.DataFrame(
        [
            {"design": "PG", "speedup": 1.5, "energy_ratio": 3.0, **layer_row()},
            {"design": "uniform 8,8", "speedup": 1.0, "energy_ratio": 1.0, **layer_row()},
        ]
    ).drop(columns="layer")
    steps = ["baseline", "promise", "edges", "port stalls", "DRAM stalls"]
    totals = [1000.0, 400.0, 450.0, 450.0, 600.0]
    changes = [0.0, -600.0, 50.0, 0.0, 150.0]
    account = pd.DataFrame({"step": steps, "total_cycles": totals, "change_cycles": changes})
    other = account.assign(layer="conv1", total_cycles=7.0, change_cycles=7.0)
    return SimpleNamespace(
        designs=designs.assign(mask_source=mask_source),
        waterfall=pd.concat([other, account.assign(layer="network")]).assign(meaning="why"),
        finding="half of it survives",
        warnings=warnings,
    )


def spans(axes: Axes) -> list[tuple[float, float]]:
    """Where every horizontal bar begins and ends, in the order drawn."""
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]


def widths(axes: Axes) -> dict[str, list[float]]:
    """The lengths of stacked bars, from the top down, by the name of their part."""
    return {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def y_labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def lines(figure: Figure) -> dict[str, list[tuple[float, float]]]:
    return {
        str(line.get_label()): list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in figure.axes[0].get_lines()
    }


def title(figure: Figure) -> str:
    return figure.get_suptitle()


# ---------------------------------------------------------------- the comparison


def test_the_waterfall_telescopes_from_the_baseline_to_the_design() -> None:
    axes = draw_comparison(fake_comparison()).axes[0]
    # 1000, 400, 450, 450, 600 cycles of 2 images; then the design's own bar.
    assert spans(axes) == [(0, 500), (500, 200), (200, 225), (225, 225), (225, 300), (0, 300)]
    assert texts(axes) == ["500.0", "\N{MINUS SIGN}300.0", "+25.0", "0", "+75.0", "300.0"]
    assert axes.get_xlabel() == "cycles per image"


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
    _, latency, energy = draw_comparison(fake_comparison()).axes
    assert list(widths(latency).values()) == [[50, 50], [20, 20], [10, 10], [15, 15], [5, 5]]
    assert list(widths(energy).values()) == [[2.5] * 2, [0.5] * 2, [1] * 2, [4] * 2, [2] * 2]
    assert latency.get_xlabel() == "latency, cycles per image"
    assert energy.get_xlabel() == "energy, uJ per image (provisional: fixed loop order)"
    assert y_labels(latency) == ["PG", "uniform 8,8"]
    assert texts(latency) == ["100 (1.50x)", "100 (1.00x)"]
    assert texts(energy) == ["10.0 (3.00x)", "10.0 (1.00x)"]


@pytest.mark.parametrize("slower", [1, 100])
def test_the_waterfalls_legend_stands_between_the_title_and_the_bars(slower: int) -> None:
    comparison = fake_comparison()
    comparison.waterfall.loc[comparison.waterfall.index[-1], "total_cycles"] *= slower
    figure = draw_comparison(comparison)
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend()
    assert legend is not None and figure._suptitle is not None
    box = legend.get_window_extent()
    assert figure.axes[0].get_window_extent().y1 <= box.y0
    assert box.y1 <= figure._suptitle.get_window_extent().y0


def test_the_caption_says_what_is_provisional() -> None:
    note = "Energy and DRAM stalls are provisional (fixed loop order)."
    assert draw_comparison(fake_comparison()).get_supxlabel() == (
        f"In brackets: time, and energy, of uniform 8,8 over the design's. {note}"
    )
    assert draw_results(table({})).get_supxlabel() == note


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
    comparison = compare(GateTrace.from_masks({"conv": mask}, [shape]), "pg_os")
    bars = spans(draw_comparison(comparison).axes[0])
    assert bars[0][1] == comparison.baseline.summary["cycles_per_image"]
    assert bars[-1][1] == pytest.approx(comparison.gated.summary["cycles_per_image"])
    for (_, end), (start, _) in pairwise(bars[:-1]):
        assert start == pytest.approx(end)


# ---------------------------------------------------------------- breakdowns of a table


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
    assert energy.get_xlabel() == "energy, uJ per image (provisional: fixed loop order)"


def test_layers_are_kept_apart_by_layer() -> None:
    frame = table({}, {"layer": "conv2", "msb_cycles": 300, "cycles": 400, "time_us": 0.8})
    latency, _ = draw_results(frame, by="layer").axes
    assert y_labels(latency) == ["conv1", "conv2"]
    assert widths(latency)["first pass (MSBs)"] == [50, 150]


def test_layers_of_several_designs_say_whose_they_are() -> None:
    latency, _ = draw_results(table({}, {"scheme": "full"}), by="layer").axes
    assert y_labels(latency) == ["conv1: pg-os, pg", "conv1: pg-os, full"]


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


# ---------------------------------------------------------------- one column over another


def test_a_column_over_an_axis_is_a_line_per_design() -> None:
    frame = table(
        {"array.rows": 16, "cycles": 100},
        {"array.rows": 8, "cycles": 300},
        {"array.rows": 8, "cycles": 20, "layer": "conv2"},
        {"array.rows": 16, "cycles": 60, "layer": "conv2"},
        {"array.rows": 8, "cycles": 500, "scheme": "full"},
    )
    figure = draw_results(frame, x="array.rows", y="cycles")
    # sums over layers of 2 images, by x: (300 + 20) / 2, (100 + 60) / 2; 500 / 2
    assert lines(figure) == {"pg-os, pg": [(8, 160), (16, 80)], "pg-os, full": [(8, 250)]}
    assert figure.axes[0].get_xlabel() == "array.rows"
    assert figure.axes[0].get_ylabel().splitlines()[-1] == "cycles per image"
    assert figure.axes[0].get_ylim()[0] == 0
    assert title(figure) == "digits (2 images, captured masks) on pg-os; scheme pg, full"


def test_a_column_called_like_its_unit_is_not_explained() -> None:
    frame = table({"array.rows": 8, "msb_cycles": 4}, {"array.rows": 16})
    labels = [
        draw_results(frame, x="array.rows", y=y).axes[0].get_ylabel()
        for y in ("cycles", "msb_cycles")
    ]
    assert labels == [
        "cycles per image",
        "msb_cycles: steady cycles of the first pass\ncycles per image",
    ]


def looks(figure: Figure) -> dict[str, tuple[Any, Any, Any]]:
    return {
        str(line.get_label()): (line.get_color(), line.get_linestyle(), line.get_marker())
        for line in figure.axes[0].get_lines()
    }


def test_a_swept_axis_has_the_colour_the_scheme_dashes_and_the_architecture_a_marker() -> None:
    frame = table(
        *(
            {"array.rows": rows, "array.columns": columns, "scheme": scheme, "arch": arch}
            for rows in (8, 16)
            for columns in (8, 16, 32)
            for scheme in ("pg", "full")
            for arch in ("os", "ws")
        )
    )
    found = looks(draw_results(frame, x="array.rows", y="cycles"))
    assert len(set(found.values())) == 12
    for place, key in ((0, "array.columns={2}"), (1, "{1}"), (2, "{0}")):
        of_value: dict[str, set[Any]] = {}
        for label, look in found.items():
            of_value.setdefault(key.format(*label.split(", ")), set()).add(look[place])
        assert all(len(each) == 1 for each in of_value.values())
        assert len(set.union(*of_value.values())) == len(of_value)


@pytest.mark.parametrize("count", [8, 17])
def test_no_two_lines_look_alike(count: int) -> None:
    frame = table(
        *(
            {"layer": f"conv{number}", "scheme": scheme}
            for number in range(count)
            for scheme in ("pg", "full")
        )
    )
    found = looks(draw_results(frame, x="arch", y="cycles", by="layer"))
    assert len(set(found.values())) == len(found) == 2 * count


def test_words_stand_side_by_side_in_the_order_of_the_table() -> None:
    frame = table({"lsb.scheduler": "skip"}, {"lsb.scheduler": "combine", "cycles": 50})
    figure = draw_results(frame, x="lsb.scheduler", y="cycles")
    assert lines(figure) == {"pg-os, pg": [(0, 100), (1, 25)]}
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["skip", "combine"]


def test_energy_has_its_unit_and_says_that_it_is_provisional() -> None:
    frame = table({"array.rows": 8}, {"array.rows": 16, "energy_pj": 4e6})
    figure = draw_results(frame, x="array.rows", y="energy_pj")
    assert lines(figure) == {"pg-os, pg": [(8, 10), (16, 2)]}
    label = figure.axes[0].get_ylabel()
    assert label.splitlines()[-1] == "uJ per image; provisional: fixed loop order"


def test_a_ratio_is_recomputed_over_layers() -> None:
    frame = table(
        {"array.rows": 8, "pe_utilization": 0.9, "cycles": 100, "mask_density": float("nan")},
        {"array.rows": 8, "pe_utilization": 0.1, "cycles": 300, "layer": "conv2"},
        {"array.rows": 8, "mask_density": 0.5, "outputs": 24, "cycles": 0, "layer": "conv3"},
    )
    # useful work over peak work: (0.9·100 + 0.1·300 + 0.5·0) / 400
    utilization = draw_results(frame, x="array.rows", y="pe_utilization")
    assert lines(utilization) == {"pg-os, pg": [(8, pytest.approx(0.3))]}
    # gated outputs: (0.25·8 + 0.5·24) / 32; conv1 has no gate
    density = draw_results(frame, x="array.rows", y="mask_density")
    assert lines(density) == {"pg-os, pg": [(8, pytest.approx(0.4375))]}


def test_what_all_layers_of_a_design_share_is_drawn_as_it_is() -> None:
    frame = table(
        {"array.rows": 8, "area_mm2": 1.5}, {"array.rows": 8, "area_mm2": 1.5, "layer": "conv2"}
    )
    figure = draw_results(frame, x="array.rows", y="area_mm2")
    assert lines(figure) == {"pg-os, pg": [(8, 1.5)]}
    assert figure.axes[0].get_ylabel().splitlines()[-1] == "mm2"


def test_lines_of_layers() -> None:
    frame = table({"array.rows": 8}, {"array.rows": 8, "cycles": 6, "layer": "conv2"})
    figure = draw_results(frame, x="array.rows", y="cycles", by="layer")
    assert lines(figure) == {"pg-os, pg, conv1": [(8, 100)], "pg-os, pg, conv2": [(8, 3)]}


def test_layers_along_the_axis() -> None:
    frame = table({"weight_bits": 4}, {"layer": "conv2"})
    assert lines(draw_results(frame, x="layer", y="weight_bits")) == {"pg-os, pg": [(0, 4), (1, 8)]}


def test_a_what_if_on_the_axis_does_not_part_the_line_of_its_trace() -> None:
    frame = table(
        {"trace": "digits[weight_bits=8]", "trace.weight_bits": 8},
        {"trace": "digits[weight_bits=4]", "trace.weight_bits": 4},
        {"trace": "other[msb_bits=1,weight_bits=8]", "trace.weight_bits": 8},
        {"trace": "other[msb_bits=1,weight_bits=4]", "trace.weight_bits": 4, "cycles": 2},
    )
    assert lines(draw_results(frame, x="trace.weight_bits", y="cycles")) == {
        "pg-os, pg, digits": [(4, 100), (8, 100)],
        "pg-os, pg, other[msb_bits=1]": [(4, 1), (8, 100)],
    }


def test_moved_thresholds_are_one_line_and_the_title_says_that_masks_are_synthetic() -> None:
    moved = {"trace": "digits[threshold_shift=-0.5]", "mask_source": "synthetic", "cycles": 8}
    frame = table(
        {"trace": "digits[threshold_shift=0]", "trace.threshold_shift": 0.0},
        {**moved, "trace.threshold_shift": -0.5},
    )
    figure = draw_results(frame, x="trace.threshold_shift", y="cycles")
    assert lines(figure) == {"pg-os, pg": [(-0.5, 4), (0, 100)]}
    assert "SYNTHETIC masks and captured masks" in figure.get_suptitle()


def test_masks_of_another_source_part_the_line_of_an_architecture() -> None:
    frame = table({"array.rows": 8}, {"array.rows": 16, "mask_source": "synthetic"})
    assert set(lines(draw_results(frame, x="array.rows", y="cycles"))) == {
        "pg-os, pg, captured masks",
        "pg-os, pg, SYNTHETIC masks",
    }


def test_an_architecture_renamed_at_every_value_does_not_part_the_line() -> None:
    frame = table({"array.rows": 8, "arch": "small"}, {"array.rows": 16, "arch": "large"})
    assert lines(draw_results(frame, x="array.rows", y="cycles")) == {"pg": [(8, 100), (16, 100)]}


# ---------------------------------------------------------------- what a person can get wrong


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


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_files_are_written_in_every_format_and_twice_alike(tmp_path: Path, suffix: str) -> None:
    first, again, results = (tmp_path / f"{name}{suffix}" for name in ("first", "again", "results"))
    plot_comparison(fake_comparison(), first)
    plot_comparison(fake_comparison(), again)
    plot_results(table({}), results)
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes().startswith(SIGNATURES[suffix])
    assert results.read_bytes().startswith(SIGNATURES[suffix])


def test_a_dollar_sign_in_a_name_is_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    plot_results(table({"arch": r"$\no$formula$"}, {"arch": "pg"}), path)
    plot_results(table({"arch": r"$\no$formula$"}, {"arch": "pg"}), path, x="arch", y="cycles")
    assert path.exists()


@pytest.mark.parametrize("name", ["plot.gif", "plot", "plot.pngg"])
def test_another_format_is_refused_and_nothing_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"ends in one of \.png, \.svg, \.pdf"):
        plot_results(table({}), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plot.png", "plot.SVG", "plot.pdf"])
def test_a_path_that_can_be_written_is_returned(tmp_path: Path, name: str) -> None:
    assert check_plot_path(str(tmp_path / name)) == tmp_path / name


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=r"ends in one of .*Did you mean '\.png'"):
        check_plot_path(tmp_path / "plot.pngg")
    with pytest.raises(InputError, match=r"its folder .*none does not exist"):
        check_plot_path(tmp_path / "none" / "plot.png")
    with pytest.raises(InputError, match="a folder"):
        check_plot_path(tmp_path / "folder.png")


def test_a_path_is_checked_without_matplotlib() -> None:
    code = "import sys, pgsim.plots.paths; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_figure_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def half_written(figure: Figure, target: Path, **options: Any) -> None:
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", half_written)
    with pytest.raises(KeyboardInterrupt):
        plot_comparison(fake_comparison(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
