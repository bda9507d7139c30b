"""Lanes of channels: rows of a mask and the order of counts, drawn by hand (M6, M7)."""

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


def test_the_images_of_a_batch_stand_one_after_the_other() -> None:
    expected = bits("xx..x. ..xxxx", "..x... x....x")
    assert np.array_equal(rows_of(linear(3, 1, 2), {}, batch=2), expected)


def test_the_images_of_a_time_step_stand_side_by_side() -> None:
    expected = bits("x.xx.. .x.xxx", "....x. x....x")
    assert np.array_equal(rows_of(recurrent(3, 1, 2), {}, batch=2), expected)


def test_a_batch_of_one_image_is_taken_as_it_lies() -> None:
    layer = linear(3, 1, 2)
    words = trace_of(layer, MASK).layers[0].mask_words()
    assert design().lanes.rows(words, layer, 1) is words


def test_activations_feed_the_slots_and_weights_the_lanes() -> None:
    lanes = LANES["channels"]
    assert (lanes.slot_operand, lanes.lane_operand) == (ACTIVATIONS, WEIGHTS)
    assert lanes.can_be_ordered
    assert lanes.slots_and_lanes(positions=7, channels=3) == (7, 3)
    # A batch of 5 runs and 2 groups has each lane once a group, each slot once a run.
    assert lanes.repeats(runs=5, groups=2) == (2, 5)


def test_counts_come_run_by_run() -> None:
    # 2 batches; 2 groups of 1 lane group; 2 runs of 2 windows. Kernels count group by group, each
    # over all runs; tiles execute run by run, each over all groups.
    counts = np.array([[[1, 2, 3, 4], [5, 6, 7, 8]], [[11, 12, 13, 14], [15, 16, 17, 18]]])
    assert LANES["channels"].by_tile(counts, runs=2, groups=2).tolist() == [
        [[[1, 2]], [[5, 6]]],
        [[[3, 4]], [[7, 8]]],
        [[[11, 12]], [[15, 16]]],
        [[[13, 14]], [[17, 18]]],
    ]


def test_positions_in_another_order_are_slots_in_that_order() -> None:
    order = np.array([4, 5, 0, 1, 2, 3])
    found = LANES["channels"].rows_in(bits("xx.x.. ..xxxx"), order)
    assert np.array_equal(found, bits("..xx.x xx..xx"))
    assert LANES["channels"].lanes_in(np.array([1, 0]), order).tolist() == [1, 0]
