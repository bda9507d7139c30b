"""Lanes of positions: rows of a mask and the order of counts, drawn by hand (M6, M7)."""

from __future__ import annotations

from typing import Any

import numpy as np
from designs import design, drawn, linear, recurrent, trace_of
from packed_rows import packed

from pgsim.arch import LANES
from pgsim.schemes import ACTIVATIONS, WEIGHTS
from pgsim.workload import LayerShape

MASK = drawn("xx. ..x", ".x. xxx", "..x x..", "... ..x")  # 4 images, 2 channels, 3 positions


def rows_of(layer: LayerShape, changes: dict[str, Any], batch: int) -> np.ndarray:
    words = trace_of(layer, MASK).layers[0].mask_words()
    return design(changes).lanes.rows(words, layer, batch)


def bits(*batches: str) -> np.ndarray:
    return packed(drawn(*batches).astype(int).tolist())


def test_lanes_are_positions_of_all_images_or_of_one_time_step_after_the_other() -> None:
    by_position = bits("x. x. .x .x xx .x", ".x .. x. .. .. .x")
    by_step = bits("x. .x x. xx .x .x", ".x .. .. .. x. .x")
    assert np.array_equal(rows_of(linear(3, 1, 2), {"array.dataflow": "is"}, 2), by_position)
    assert np.array_equal(rows_of(recurrent(3, 1, 2), {"array.dataflow": "is"}, 2), by_step)


def test_weights_feed_the_slots_and_activations_the_lanes() -> None:
    lanes = LANES["positions"]
    assert (lanes.slot_operand, lanes.lane_operand) == (WEIGHTS, ACTIVATIONS)
    assert not lanes.can_be_ordered
    assert lanes.slots_and_lanes(positions=7, channels=3) == (3, 7)
    # A batch of 5 runs and 2 groups has each lane once a run, each slot once a group.
    assert lanes.repeats(runs=5, groups=2) == (5, 2)


def test_counts_come_run_by_run() -> None:
    # One batch; 2 runs of 2 lane groups; 2 groups of 1 window.
    counts = np.array([[[1, 2], [3, 4], [5, 6], [7, 8]]])
    assert LANES["positions"].by_tile(counts, runs=2, groups=2).tolist() == [
        [[[1], [3]], [[2], [4]]],
        [[[5], [7]], [[6], [8]]],
    ]


def test_positions_in_another_order_are_lanes_in_that_order() -> None:
    order, rows = np.array([2, 0, 1]), bits("x. x. .x")
    assert LANES["positions"].rows_in(rows, order) is rows
    assert LANES["positions"].lanes_in(np.array([7, 8, 9]), order).tolist() == [9, 7, 8]
