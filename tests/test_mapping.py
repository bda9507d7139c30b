"""Tiles, slots, lanes and folds of small layers, worked by hand from M6 to M10."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import conv, design, drawn, linear, recurrent, trace_of
from packed_rows import packed

from pgsim.mapping import (
    ceil_div,
    lane_rows,
    pe_steps,
    reduction_folds,
    scheduler_rows,
    tile,
)
from pgsim.workload import LayerShape


def sizes(layer: LayerShape, changes: dict[str, Any], batch: int = 1, passes: int = 2) -> tuple:
    """Runs, groups, lanes of each lane group, slots of each window."""
    tiling = tile(layer, design(changes), batch, passes)
    lanes, slots = tiling.lane_group_lanes.tolist(), tiling.window_slots.tolist()
    return tiling.runs, tiling.groups, lanes, slots


def test_slots_are_positions_where_lanes_are_channels() -> None:
    # 2 images of 5 positions make 10 slots, in windows of two folds of 4; 3 channels on 2 columns.
    layer = linear(5, 6, 3)
    assert sizes(layer, {"lsb.window": 8}, batch=2) == (1, 1, [2, 1], [8, 2])
    assert sizes(layer, {"array.dataflow": "ws", "lsb.window": 3}, batch=2) == (
        *(1, 1, [2, 1]),
        [3, 3, 3, 1],
    )


def test_slots_are_channels_where_lanes_are_positions() -> None:
    layer = linear(5, 6, 3)
    for changes in ({"array.dataflow": "is"}, {"array.lanes": "positions"}):
        assert sizes(layer, changes, batch=2) == (1, 1, [2, 2, 2, 2, 2], [3])


def test_each_time_step_is_a_run_whose_positions_are_the_batch() -> None:
    layer = recurrent(7, 6, 3)
    assert sizes(layer, {}, batch=5) == (7, 1, [2, 1], [5])
    assert sizes(layer, {"array.dataflow": "is"}, batch=5) == (7, 1, [2, 2, 1], [3])


def test_groups_are_mapped_one_by_one() -> None:
    # 6 channels in 2 groups: 3 lanes each. Output 2 x 2.
    assert sizes(conv(4, 6, 3, 2, groups=2), {}) == (1, 2, [2, 1], [4])


def test_an_automatic_window_is_what_the_output_buffer_holds() -> None:
    # 1 KiB is 8192 bits, half of it 4096: 64 slots of 2 sums of 32 bits; without halving, 128.
    small = {"memory.output_sram.kib": 1}
    layer = linear(300, 1, 2)
    assert sizes(layer, small)[3] == [64, 64, 64, 64, 44]
    assert sizes(layer, small | {"memory.double_buffered": False})[3] == [128, 128, 44]
    # 64 slots are no multiple of 5 rows: 60; and a fold of 100 rows is held whatever the buffer.
    assert sizes(layer, small | {"array.rows": 5})[3] == [60] * 5
    assert sizes(layer, small | {"array.rows": 100})[3] == [100] * 3
    assert sizes(layer, small | {"array.rows": 100, "array.dataflow": "ws"})[3][0] == 64


def test_a_layer_of_one_pass_ignores_the_lsb_window() -> None:
    assert sizes(linear(12, 1, 2), {"lsb.window": 4}, passes=1)[3] == [12]


def test_bounds_nest_lane_groups_in_groups_and_windows_in_runs() -> None:
    tiling = tile(
        conv(4, 6, 3, 2, groups=2), design({"array.dataflow": "ws", "lsb.window": 3}), 1, 2
    )
    lane_bounds, slot_bounds = tiling.bounds
    assert lane_bounds.tolist() == [0, 2, 3, 5, 6]
    assert slot_bounds.tolist() == [0, 3, 4]
    assert tiling.outputs.tolist() == [[[[6, 2], [3, 1]]]]


def test_counts_come_into_the_order_of_tiles() -> None:
    # One batch; kernels count by (lane group of any group, window of any run).
    steps = tile(recurrent(2, 1, 3), design(), 1, 2)  # lane groups of 2 and 1 channels, 2 runs
    assert steps.by_tile(np.array([[[1, 2], [3, 4]]])).tolist() == [[[[1], [3]]], [[[2], [4]]]]
    # `is`: two groups of one channel, three lane groups of positions.
    groups = tile(conv(2, 2, 2, 1, groups=2), design({"array.dataflow": "is"}), 1, 2)
    counts = np.array([[[1, 2], [3, 4]]])
    assert groups.by_tile(counts).tolist() == [[[[1], [3]], [[2], [4]]]]


MASK = drawn("xx. ..x", ".x. xxx", "..x x..", "... ..x")  # 4 images, 2 channels, 3 positions


def rows_of(layer: LayerShape, changes: dict[str, Any], batch: int) -> np.ndarray:
    words = trace_of(layer, MASK).layers[0].mask_words()
    return scheduler_rows(words, layer, tile(layer, design(changes), batch, 2))


def bits(*batches: str) -> np.ndarray:
    return packed(drawn(*batches).astype(int).tolist())


def test_the_images_of_a_batch_stand_one_after_the_other() -> None:
    expected = bits("xx..x. ..xxxx", "..x... x....x")
    assert np.array_equal(rows_of(linear(3, 1, 2), {}, batch=2), expected)


def test_the_images_of_a_time_step_stand_side_by_side() -> None:
    expected = bits("x.xx.. .x.xxx", "....x. x....x")
    assert np.array_equal(rows_of(recurrent(3, 1, 2), {}, batch=2), expected)


def test_lanes_are_positions_of_all_images_or_of_one_time_step_after_the_other() -> None:
    by_position = bits("x. x. .x .x xx .x", ".x .. x. .. .. .x")
    by_step = bits("x. .x x. xx .x .x", ".x .. .. .. x. .x")
    assert np.array_equal(rows_of(linear(3, 1, 2), {"array.dataflow": "is"}, 2), by_position)
    assert np.array_equal(rows_of(recurrent(3, 1, 2), {"array.dataflow": "is"}, 2), by_step)


def test_a_batch_of_one_image_is_taken_as_it_lies() -> None:
    layer = linear(3, 1, 2)
    words = trace_of(layer, MASK).layers[0].mask_words()
    assert scheduler_rows(words, layer, tile(layer, design(), 1, 2)) is words


def lanes(layer: LayerShape, mask: np.ndarray, order: str, calibration: int) -> list[int]:
    arch = design({"lsb.lane_order": order})
    return lane_rows(
        trace_of(layer, mask).layers[0], arch, tile(layer, arch, 1, 2), calibration
    ).tolist()


def test_channels_are_ordered_by_density_within_their_group() -> None:
    # Densities on the first image: 1/4, 2/4, 2/4 | 0, 3/4, 1; ties by index. The second image,
    # which would turn all around, is not for calibration.
    layer = conv(2, 6, 2, 1, groups=2)
    mask = drawn("x... xx.. ..xx .... xxx. xxxx", "xxxx .... .... xxxx .... ....")
    assert lanes(layer, mask, "density", calibration=1) == [1, 2, 0, 5, 4, 3]
    assert lanes(layer, mask, "density", calibration=2) == [0, 1, 2, 3, 5, 4]
    assert lanes(layer, mask, "raster", calibration=1) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("dataflow", "macs_per_pe", "folds", "steps"),
    [
        # 3 x 3 kernel, 10 input channels in 2 groups: D = 45, 5 channels a tap; 4 rows.
        ("os", 1, 1, 45),
        ("os", 4, 1, 12),  # ceil(45 / 4)
        ("ws", 1, 12, 45),  # ceil(45 / 4)
        ("is", 4, 3, 12),  # ceil(45 / 16)
        ("bitfusion", 1, 18, 45),  # 9 taps of ceil(5 / 4)
        ("bitfusion", 2, 9, 27),  # 9 taps of ceil(5 / 8); 9 taps of ceil(5 / 2)
    ],
)
def test_folds_of_the_reduction(dataflow: str, macs_per_pe: int, folds: int, steps: int) -> None:
    layer, array = conv(10, 4, 5, 3, groups=2), design({"array.dataflow": dataflow}).array
    assert reduction_folds(layer, array, macs_per_pe) == folds
    assert pe_steps(layer, array, macs_per_pe) == steps


def test_ceil_div_is_exact_beyond_floats() -> None:
    assert ceil_div(2**60 + 1, 2**30) == 2**30 + 1
    assert ceil_div(6, 3) == 2
