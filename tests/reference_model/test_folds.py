"""The reference's dense passes, worked by hand (M10, M15 to M18)."""

from __future__ import annotations

from typing import Any

import pytest
from hand_worked import linear, simulate, steady_and_bubbles

# M10, M15-M18: dense passes. P = 10 positions, K = 5 channels, D = 7 on 4 x 2 PEs.


@pytest.mark.parametrize(
    ("changes", "steady", "edges", "bubbles"),
    [
        # ceil(5/2) lane groups * ceil(10/4) folds of 7 cycles; edges 9 * (4 + 2 - 2); one skew of
        # 4.
        ({"array.dataflow": "os"}, 63, 36, 4),
        # ceil(10/2) lane groups of positions * ceil(5/4) folds of 7; edges 10 * 4.
        ({"array.dataflow": "os", "array.lanes": "positions"}, 70, 40, 4),
        # 3 lane groups * ceil(7/4) reduction folds * 10 slots; edges 6 * (8 + 2 - 2).
        ({"array.dataflow": "ws"}, 60, 48, 4),
        # 5 lane groups of positions * 2 reduction folds * 5 slots; edges 10 * 8.
        ({"array.dataflow": "is"}, 50, 80, 4),
        # as ws, but no weights to wait for: edges 6 * 4.
        ({"array.dataflow": "bitfusion"}, 60, 24, 4),
    ],
)
def test_dense_folds(changes: dict[str, Any], steady: int, edges: int, bubbles: int) -> None:
    layer = linear(10, 5, 7)
    isolated = simulate(layer, changes | {"array.overlap": "none"})
    assert steady_and_bubbles(isolated) == (steady, 0, edges)
    assert steady_and_bubbles(simulate(layer, changes)) == (steady, 0, bubbles)
    assert isolated["macs"] == isolated["msb_macs"] == 10 * 5 * 7
    assert isolated["msb_busy_pe_cycles"] == 10 * 5 * 7  # one MAC per busy PE-cycle where L = T = 1


def test_bitfusion_folds_by_kernel_tap() -> None:
    # 3 x 3 input, 2 x 2 kernel: 4 positions, 4 taps of 3 input channels; 5 channels are 3 lane
    # groups. Folds 3 * 4 * ceil(3/4) = 12, each of 4 slots; ws would pack D = 12 into ceil(12/4) =
    # 3 folds.
    layer = linear(0, 5, 3) | {"op": "conv2d", "in_size": [3, 3], "kernel": [2, 2]}
    changes = {"array.overlap": "none", "array.dataflow": "bitfusion"}
    assert steady_and_bubbles(simulate(layer, changes)) == (48, 0, 48)
    assert steady_and_bubbles(simulate(layer, changes | {"array.dataflow": "ws"})) == (36, 0, 72)


def test_output_stationary_folds_wait_for_the_sums_before_them() -> None:
    # One fold of one cycle waits for nothing: its sums have left after a skew of 4.
    assert steady_and_bubbles(simulate(linear(4, 2, 1))) == (1, 0, 4)
    # 9 folds of D = 3 cycles end 4 apart: all but the first wait 4 - 3.
    assert steady_and_bubbles(simulate(linear(10, 5, 3))) == (27, 0, 8 + 4)
    # Bit-serial passes of 6 and 2 cycles, 2 lane groups of one fold. MSB 0-6; LSB may not end
    # before 10: it waits 2, 8-10; MSB 10-16 ends 6 later by itself; LSB 18-20, sums out at 24.
    changes = {"array.pe.kind": "serial_activation"}
    counts = simulate(linear(4, 4, 1, msb_bits=6), changes, "dual_dense")
    assert steady_and_bubbles(counts) == (12, 4, 2 + 2 + 4)


def test_operand_stationary_folds_wait_for_the_load_before_theirs() -> None:
    changes = {"array.dataflow": "ws"}
    # 3 lane groups * 2 folds of 2 slots begin 4 apart: all but the first wait 4 - 2.
    assert steady_and_bubbles(simulate(linear(2, 5, 7), changes)) == (12, 0, 10 + 4)
    # D = 3 is one fold, so that only the lane group loads: 0-2, 4-6, 8-10, sums out at 14.
    assert steady_and_bubbles(simulate(linear(2, 5, 3), changes)) == (6, 0, 4 + 4)
    # is, 3 lane groups of 2 positions: weights stream, 2 folds of 2 channels each, as above.
    counts = simulate(linear(5, 2, 7), {"array.dataflow": "is"})
    assert steady_and_bubbles(counts) == (12, 0, 10 + 4)
    # PEs with weight buffers of their own never wait.
    changes = {"array.dataflow": "bitfusion"}
    assert steady_and_bubbles(simulate(linear(2, 5, 7), changes)) == (12, 0, 4)
    # It is the beginnings that are 4 apart: 2 KiB, half of it, over 2 columns are windows of 128,
    # and 130 slots two tiles, each of two folds of D = 5. 0-128, 128-256, then at once the short
    # ones, 256-258; only the last has the load of a short one before it: 260-262, out at 266.
    changes = {"array.dataflow": "ws", "memory.output_sram.kib": 2}
    assert steady_and_bubbles(simulate(linear(130, 2, 5), changes)) == (260, 0, 2 + 4)


def test_staying_weights_load_once_per_lane_group() -> None:
    # 1 KiB single-buffered output for 2 columns: windows of 8192 / 64 = 128 slots. P = 130 is two
    # tiles, K = 2 one lane group, D = 3 one fold: the weights are read once, in words of 64 bits.
    changes = {
        "array.dataflow": "ws",
        "memory.output_sram.kib": 1,
        "memory.double_buffered": False,
    }
    stay = simulate(linear(130, 2, 3), changes)
    assert stay["weight_sram_read_bytes"] == 8  # 3 * 2 * 8 = 48 bits
    # One buffer: each tile ends when its sums have left, a skew of 4 after its last step.
    assert steady_and_bubbles(stay) == (130, 0, 4 + 4)
    # D = 5 is two folds: both tiles load 5 * 2 * 8 = 80 bits, two words; the second fold of the
    # tile of 2 slots waits 4 - 2.
    again = simulate(linear(130, 2, 5), changes)
    assert again["weight_sram_read_bytes"] == 2 * 16
    assert steady_and_bubbles(again) == (260, 0, 4 + 2 + 4)


def test_groups_and_batches_repeat_the_folds() -> None:
    # Depthwise, 3 channels alone: 4 positions are one fold of 4 taps; 3 groups; 3 images in batches
    # of 2 and 1, whose 8 and 4 positions are 2 folds and 1. Steady 3 * (2 + 1) * 4; a skew of 4 per
    # run.
    layer = linear(0, 3, 3, groups=3) | {"op": "conv2d", "in_size": [3, 3], "kernel": [2, 2]}
    counts = simulate(layer, {"batch": 2}, images=3)
    assert steady_and_bubbles(counts) == (36, 0, 8)
    assert counts["macs"] == 3 * 3 * 4 * 4


def test_recurrent_steps_are_runs_of_their_own() -> None:
    # 3 time steps * batches of 2 and 1 images: 6 runs of one fold of D = 7, each with its skew of
    # 4.
    layer = linear(0, 2, 7, op="recurrent", time_steps=3)
    counts = simulate(layer, {"batch": 2}, images=3)
    assert steady_and_bubbles(counts) == (42, 0, 24)
