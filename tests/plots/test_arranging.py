"""Rows arranged by the figure: panels, colours, what is taken together; counts are by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plot_cases import table, widths, y_labels

from pgsim.plots import draw_results


@pytest.fixture(scope="module")
def sweep() -> pd.DataFrame:
    """512 designs: 2 x 4 x 4 x 4 x 4; cycles are halved by twice the rows, or columns."""
    return table(
        *(
            {
                "arch": arch, "scheme": scheme, "array.rows": rows, "array.columns": columns,
                "lsb.depth": depth, "cycles": 2 * 2**20 // (rows * columns) * (order + 1),
                "energy_pj": 1e6 * (rows + columns) * (order + 1) + depth, "time_us": 1.0,
            }
            for arch, (order, scheme), rows, columns, depth in product(
                ("os", "ws"), enumerate(("pg", "full", "uniform:8,8", "uniform:4")),
                (4, 8, 16, 32), (4, 8, 16, 32), (1, 2, 3, 4),
            )
        )
    ).assign(time_us=lambda frame: frame["cycles"] / 500)  # fmt: skip


def headings(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def sides(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def by_label(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    return {
        str(line.get_label()): list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in axes.get_lines()
    }


def test_lines_of_a_sweep_are_parted_into_panels_without_further_words(sweep: Any) -> None:
    figure = draw_results(sweep, x="array.rows", y="cycles")
    # 4 columns by 4 depths have panels, 2 architectures and 4 schemes lines in each
    assert len(figure.axes) == 16
    assert headings(figure)[:5] == [*(f"array.columns: {each}" for each in (4, 8, 16, 32)), ""]
    assert sides(figure) == [f"lsb.depth: {each}" for each in (1, 2, 3, 4)]
    assert all(len(axes.get_lines()) == 8 for axes in figure.axes)
    # 2^21 cycles over rows and 4 columns, of 2 images
    assert by_label(figure.axes[0])["os, pg"] == [
        (4, 2**16), (8, 2**15), (16, 2**14), (32, 2**13),
    ]  # fmt: skip
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        f"{arch}, {scheme}"
        for arch in ("os", "ws")
        for scheme in ("pg", "full", "uniform:8,8", "uniform:4")
    ]


def test_what_one_column_of_print_has_no_room_for_is_averaged_and_said(sweep: Any) -> None:
    figure = draw_results(sweep, x="array.rows", y="energy_pj", width="column")
    assert headings(figure) == [f"array.columns: {each}" for each in (4, 8, 16, 32)]
    assert "mean over lsb.depth" in figure.get_supylabel().replace("\n", " ")
    # (4 + 4) uJ and a mean depth of 2.5 pJ, of 2 images
    assert by_label(figure.axes[0])["os, pg"][0] == (4, pytest.approx(4 + 1.25e-6))


def test_designs_too_many_for_bars_are_a_cloud_with_its_front_named(sweep: Any) -> None:
    axes = draw_results(sweep).axes[0]
    assert axes.get_xlabel() == "cycles per image"
    assert axes.get_ylabel().splitlines()[-1] == "uJ per image"
    *marks, front = axes.get_lines()
    assert sum(len(line.get_xdata()) for line in marks) == 512
    # Cycles and energy are least under pg. By rows x columns the least rows + columns are 4 + 4,
    # 4 + 8, 8 + 8, 8 + 16, 16 + 16, 16 + 32 and 32 + 32, at depth 1; twin designs are one point.
    cells = [16, 32, 64, 128, 256, 512, 1024][::-1]
    assert list(front.get_xdata()) == [2**20 / each for each in cells]
    assert [text.get_text() for text in axes.texts] == [str(each) for each in range(1, 8)]


def test_a_result_over_a_result_is_a_cloud(sweep: Any) -> None:
    figure = draw_results(sweep, x="cycles", y="energy_pj", facet="arch", by="lsb.depth")
    assert headings(figure) == ["arch: os", "arch: ws"]
    assert all(line.get_linestyle() == "None" for axes in figure.axes for line in axes.get_lines())
    marks = {text.get_text() for text in figure.legends[0].get_texts()}
    assert len(marks) == 16  # by depth, and by what has at most five values: scheme
    assert figure.axes[0].get_xscale() == "log"


def test_an_axis_may_have_words_upwards(sweep: Any) -> None:
    axes = draw_results(sweep, x="cycles", y="scheme").axes[0]
    assert y_labels(axes) == ["pg", "full", "uniform:8,8", "uniform:4"]


@pytest.mark.parametrize(
    ("how", "value"), [("mean", 6 + 1.25e-6), ("min", 4 + 0.5e-6), ("sum", 24 + 5e-6)]
)
def test_what_axes_and_colours_do_not_tell_apart_is_taken_together(how: str, value: float) -> None:
    frame = table(
        *(
            {"array.rows": 4, "lsb.depth": depth, "energy_pj": 1e6 * energy + depth}
            for depth, energy in ((1, 8), (2, 10), (3, 14), (4, 16))
        )
    )
    figure = draw_results(frame, x="array.rows", y="energy_pj", aggregate=how)
    # energies of 2 images: (8 + 10 + 14 + 16) / 4 / 2, 8 / 2, 48 / 2; depths likewise in pJ
    assert list(by_label(figure.axes[0]).values()) == [[(4, pytest.approx(value))]]
    assert f"{how} over lsb.depth" in figure.axes[0].get_ylabel()


def test_values_relative_to_a_scheme_have_no_unit(sweep: Any) -> None:
    figure = draw_results(
        sweep, x="array.rows", y="cycles", by="scheme", aggregate="mean",
        normalize="scheme=uniform:8,8",
    )  # fmt: skip
    found = by_label(figure.axes[0])
    thirds = {"pg": 1 / 3, "full": 2 / 3, "uniform:8,8": 1, "uniform:4": 4 / 3}
    assert {label: [y for _, y in points] for label, points in found.items()} == {
        scheme: pytest.approx([ratio] * 4) for scheme, ratio in thirds.items()
    }
    label = figure.axes[0].get_ylabel().replace("\n", " ")
    assert "relative to scheme=uniform:8,8, mean over arch" in label
    assert "per image" not in label


def test_bars_by_a_column_are_means_relative_to_one_of_them(sweep: Any) -> None:
    latency, energy = draw_results(sweep, by="scheme", normalize="scheme=full").axes
    assert y_labels(latency) == ["pg", "full", "uniform:8,8", "uniform:4"]
    # the parts of all rows are the same 200 cycles
    assert widths(latency)["first pass (MSBs)"] == pytest.approx([0.5] * 4)
    assert energy.get_xlabel() == "energy, relative to scheme=full"


def test_rows_are_chosen_before_anything_else(sweep: Any) -> None:
    where = ["scheme=pg", "arch=os", "array.columns=8", "lsb.depth<=1"]
    figure = draw_results(sweep, x="array.rows", y="cycles", where=where)
    assert len(figure.axes) == len(figure.axes[0].get_lines()) == 1


def test_the_network_stands_beside_its_layers() -> None:
    frame = table(
        {"pe_utilization": 0.9},
        {"layer": "b", "pe_utilization": 0.1, "msb_cycles": 200, "cycles": 300, "time_us": 0.6},
    )
    axes = draw_results(frame, x="layer", y="pe_utilization", network=True).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["conv1", "b", "network"]
    points, between = axes.get_lines()
    assert list(points.get_ydata()) == pytest.approx([0.9, 0.1, 0.42])  # (180 + 30) / 500
    assert list(between.get_xdata()) == [1.5, 1.5]
    latency, _ = draw_results(frame, by="layer", network=True).axes
    assert y_labels(latency) == ["conv1", "b", "network"]
    assert widths(latency)["first pass (MSBs)"] == [50, 100, 150]


def test_words_are_never_joined_and_marks_of_several_lines_stand_side_by_side() -> None:
    frame = table({}, {"layer": "b"}, {"scheme": "full"}, {"scheme": "full", "layer": "b"})
    axes = draw_results(frame, x="layer", y="cycles").axes[0]
    first, second = axes.get_lines()
    assert first.get_linestyle() == second.get_linestyle() == "None"
    assert all(a < b for a, b in zip(first.get_xdata(), second.get_xdata(), strict=True))


@pytest.mark.parametrize(
    ("values", "scale"), [([4, 8, 32], "log"), ([3, 5, 12], "linear"), ([3, 5, 12], "log")]
)
def test_ticks_stand_at_swept_values(values: list[int], scale: str) -> None:
    frame = table(*({"array.rows": each} for each in values))
    log = "x" if scale == "log" and 3 in values else None
    axes = draw_results(frame, x="array.rows", y="cycles", log=log).axes[0]
    assert list(axes.get_xticks()) == values
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(each) for each in values]
    assert axes.get_xscale() == scale


def test_traffic_of_operands() -> None:
    names = ("activation_read", "weight_read", "sum_read", "write")
    row = {f"dram_{name}_bytes": 2000 * (place + 1) for place, name in enumerate(names)}
    (axes,) = draw_results(table(row), parts=["dram"]).axes
    # 2, 4, 6 and 8 kB of 2 images
    assert list(widths(axes).values()) == [[1], [2], [3], [4]]
    assert axes.get_xlabel() == "DRAM traffic, kB per image"


def test_masks_of_no_model_are_told_in_headings_and_by_hollow_marks() -> None:
    rows = [
        {"arch": f"{name}-{each}", "lsb.depth": depth, "mask_source": source, "cycles": 9 + each}
        for name in ("a", "b")
        for each in range(8)
        for depth, source in ((1, "captured"), (2, "synthetic"))
    ]
    figure = draw_results(table(*rows), x="trace", y="cycles")
    assert headings(figure) == ["lsb.depth: 1, captured masks", "lsb.depth: 2, SYNTHETIC masks"]
    cloud = draw_results(table(*rows), x="cycles", y="energy_pj")
    assert "hollow: SYNTHETIC masks" in [text.get_text() for text in cloud.legends[0].get_texts()]
    hollow = [line for line in cloud.axes[0].get_lines() if line.get_markerfacecolor() == "none"]
    assert sum(len(line.get_xdata()) for line in hollow if line.get_linestyle() == "None") == 16
