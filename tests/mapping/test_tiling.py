"""Tiles of small layers, worked by hand from M6 to M9."""

from __future__ import annotations

from typing import Any

import numpy as np
from designs import conv, design, linear, recurrent

from pgsim.mapping import tile
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
    small = {"memory.output_sram.kib": 1, "memory.output_sram.banks": 8}
    layer = linear(300, 1, 2)
    assert sizes(layer, small)[3] == [64, 64, 64, 64, 44]
    assert sizes(layer, small | {"memory.double_buffered": False})[3] == [128, 128, 44]
    # 64 slots are no multiple of 5 rows: 60. They are one fold of 64 rows, or of 33.
    assert sizes(layer, small | {"array.rows": 5})[3] == [60] * 5
    assert sizes(layer, small | {"array.rows": 64})[3][0] == 64
    assert sizes(layer, small | {"array.rows": 33})[3][0] == 33
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


def test_totals_of_runs_and_batches() -> None:
    # 5 steps of a batch of 4, 3 channels on 2 columns, windows of 3 of 4 slots: 2 x 2 tiles a run.
    tiling = tile(recurrent(5, 6, 3), design({"array.dataflow": "ws", "lsb.window": 3}), 4, 2)
    assert (tiling.batch_lanes, tiling.run_tiles) == (3, 4)
    assert tiling.tiles(batches=3) == (15, 1, 2, 2)
    assert tiling.tile_slots.tolist() == [[[[3, 1]]]]
    # Position lanes repeat from step to step: 5 times 4 of them.
    turned = tile(recurrent(5, 6, 3), design({"array.dataflow": "is"}), 4, 2)
    assert (turned.batch_lanes, turned.run_tiles) == (20, 2)
