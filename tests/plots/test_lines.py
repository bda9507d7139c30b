"""Lines of a table: one column over another; expected points are worked by hand in the comments."""

from __future__ import annotations

from typing import Any

import pytest
from plot_cases import lines, looks, table, title

from pgsim.plots import draw_results


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


def test_a_swept_axis_has_the_colour_the_scheme_dashes_and_each_line_a_marker() -> None:
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
    assert len({marker for _, _, marker in found.values()}) == len(found) == 12
    for place, key in ((0, "array.columns={2}"), (1, "{1}")):
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
    figure = draw_results(frame, x="arch", y="cycles", by="layer")
    assert len(figure.axes) == 2  # one of each scheme
    for axes in figure.axes:
        drawn = axes.get_lines()
        assert len({(line.get_color(), line.get_marker()) for line in drawn}) == len(drawn) == count


def test_words_stand_side_by_side_in_the_order_of_the_table() -> None:
    frame = table({"lsb.scheduler": "skip"}, {"lsb.scheduler": "combine", "cycles": 50})
    figure = draw_results(frame, x="lsb.scheduler", y="cycles")
    assert lines(figure) == {"pg-os, pg": [(0, 100), (1, 25)]}
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["skip", "combine"]


def test_energy_has_its_unit_below_its_meaning() -> None:
    frame = table({"array.rows": 8}, {"array.rows": 16, "energy_pj": 4e6})
    figure = draw_results(frame, x="array.rows", y="energy_pj")
    assert lines(figure) == {"pg-os, pg": [(8, 10), (16, 2)]}
    label = figure.axes[0].get_ylabel()
    assert label.splitlines()[-1] == "uJ per image"


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


def ways(**more: Any) -> Any:
    """200, 100 and 80 cycles of 1, 2 and 4 ways; with a window of 8 slots 400, 250 and 250."""
    cycles = {64: (200, 100, 80), 8: (400, 250, 250)}
    return table(
        *(
            {"lsb.ways": ways, "lsb.window": window, "cycles": own} | more
            for window, of_ways in cycles.items()
            for ways, own in zip((1, 2, 4), of_ways, strict=True)
        )
    )


def test_a_speed_up_is_a_row_over_each_and_more_is_better() -> None:
    figure = draw_results(ways(), x="lsb.ways", y="cycles", speed_up="lsb.ways=1")
    found = list(lines(figure).values())
    # each window by its own row of one way: 200 / 100, 200 / 80; 400 / 250 twice
    assert found[:2] == [[(1, 1), (2, 2), (4, 2.5)], [(1, 1), (2, 1.6), (4, 1.6)]]
    assert figure.axes[0].get_lines()[-1].get_ydata() == [1, 1]  # the row itself
    label = figure.axes[0].get_ylabel()
    assert " ".join(label.split()) == "speed-up over lsb.ways=1: its cycles over each"


def test_a_speed_up_over_one_row_and_what_is_averaged_is_said() -> None:
    one = draw_results(ways(), x="lsb.window", y="cycles", by="lsb.ways", speed_up="first")
    # over the first row, 200: of one way 200 / 200 and, of 8 slots, 200 / 400
    assert next(iter(lines(one).values())) == [(8, 0.5), (64, 1)]
    mean = draw_results(ways(), x="lsb.ways", y="cycles", speed_up="lsb.ways=1", aggregate="mean")
    (drawn, *_) = lines(mean).values()
    assert [up for _, up in drawn] == pytest.approx([1, 1.8, 2.05])
    assert mean.axes[0].get_ylabel().endswith("mean over lsb.window")


def test_what_is_no_time_is_a_gain() -> None:
    figure = draw_results(ways(), x="lsb.ways", y="energy_pj", speed_up="lsb.ways=1")
    assert figure.axes[0].get_ylabel().startswith("gain over lsb.ways=1")


def test_words_that_a_condition_takes_from_among_numbers_leave_a_line() -> None:
    frame = table(
        *(
            {"lsb.window": window, "cycles": cycles}
            for window, cycles in (("auto", 100), ("1", 400), ("16", 200))
        )
    )
    chosen = ["lsb.window!=auto"]
    figure = draw_results(frame, x="lsb.window", y="cycles", where=chosen, speed_up="lsb.window=1")
    line = figure.axes[0].get_lines()[0]
    assert line.get_linestyle() != "None"
    # 400 over 400 and over 200 cycles
    assert list(zip(*line.get_data(), strict=True)) == [(1, 1), (16, 2)]
