"""The smallest and oddest layers, worked by hand on a 4 x 2 array of fixed PEs."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, drawn, filled, linear, recurrent
from layer_rows import Row, cycles, row_of, slots

FIVE = linear(5, 6, 3)  # 5 positions, D = 6, lane groups of 2 and 1 channels


def test_nothing_is_gated() -> None:
    # 2 folds of 6 cycles for each lane group. MSB 1 0-12, MSB 2 12-24; the gate of 2 is known at
    # 28, where all ends.
    row = row_of(FIVE, filled(FIVE, False))
    assert cycles(row) == (24, 0, 4, 2)
    assert slots(row) == (10, 0, 0, 0)
    assert (row["mask_density"], row["average_bits"]) == (0.0, 2.0)
    assert (row["msb_macs"], row["lsb_macs"]) == (15 * 6, 0)
    assert np.isnan(row["lsb_pe_utilization"])


@pytest.mark.parametrize("scheduler", ["dense", "skip", "combine", "queue"])
def test_everything_is_gated(scheduler: str) -> None:
    # LSB 1 24-36, LSB 2 36-48, the skew. Ideal: ceil(10 / 2) + ceil(5 / 2).
    row = row_of(FIVE, filled(FIVE, True), {"lsb.scheduler": scheduler})
    assert cycles(row) == (24, 24, 4, 2)
    assert slots(row) == (10, 10, 8, 10)
    assert (row["mask_density"], row["average_bits"]) == (1.0, 4.0)
    assert (row["msb_macs"], row["lsb_macs"]) == (15 * 6, 15 * 6)


def test_ideal_packs_a_small_lane_group_too() -> None:
    # 5 issue slots do for the first lane group: 2 folds; 3 for the second, of one channel: 1 fold.
    row = row_of(FIVE, filled(FIVE, True), {"lsb.scheduler": "ideal"})
    assert (row["lsb_cycles"], row["lsb_slots_issued"]) == (18, 8)


def test_one_position() -> None:
    # 5 channels in three lane groups, the first gated. D = 3: folds end at least 4 rows apart, so
    # each but the first waits 1. MSB 1 0-3, MSB 2 4-7, LSB 1 8-11 (its gate is known at 7), MSB 3
    # 12-15; the gate of 3 is known at 19, where all ends.
    row = row_of(linear(1, 3, 5), drawn("x . . . ."))
    assert cycles(row) == (9, 3, 7, 2)
    assert slots(row) == (3, 1, 1, 1)


def test_one_channel() -> None:
    # `ws`: the weights of one reduction fold stay. MSB 0-6; the gate is known at 10; LSB 10-13; 17.
    row = row_of(linear(6, 3, 1), drawn("x.x..x"), {"array.dataflow": "ws"})
    assert cycles(row) == (6, 3, 8, 2)
    assert slots(row) == (6, 3, 2, 3)  # ideal: ceil(3 entries / 2 columns)
    # 3 weights of 8 bits are one port word of 64 bytes, and one burst of 16, once for both passes.
    assert (row["weight_sram_read_bytes"], row["dram_weight_read_bytes"]) == (64, 16)


def test_a_window_of_one_fold_saves_nothing() -> None:
    # Windows of 4 slots issue 1 each: a fold of 6 cycles each, as if dense. One window of 8 issues
    # both in one fold.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    found = {
        (window, scheduler): row_of(layer, mask, {"lsb.window": window, "lsb.scheduler": scheduler})
        for window in (4, 8)
        for scheduler in ("dense", "skip")
    }
    lsb_cycles = {case: row["lsb_cycles"] for case, row in found.items()}
    assert lsb_cycles == {(4, "dense"): 12, (4, "skip"): 12, (8, "dense"): 12, (8, "skip"): 6}


def test_a_layer_smaller_than_the_array() -> None:
    # 16 x 16 PEs, skew 30. MSB 0-3; its gate is known at 33; LSB 33-36, long after the 3 + 16 at
    # which its fold might end; its sums have left at 66.
    row = row_of(linear(2, 3, 2), drawn("x. .x"), {"array.rows": 16, "array.columns": 16})
    assert cycles(row) == (3, 3, 60, 2)
    # Useful: (4 outputs * 2 bits + 2 * 2 bits) * 3 MACs * 8 bits; peak: 64 bits^2 a PE and cycle.
    assert row["pe_utilization"] == pytest.approx(288 / (256 * 68 * 64), rel=1e-12)
    assert row["msb_pe_utilization"] == pytest.approx(192 / (256 * 3 * 64), rel=1e-12)
    assert row["lsb_pe_utilization"] == pytest.approx(96 / (256 * 3 * 64), rel=1e-12)


def test_depthwise() -> None:
    # 3 groups of one channel, 2 x 2 positions, D = 9: `ws` takes 3 reduction folds of 4 cycles.
    # MSB 1 0-12, MSB 2 12-24, LSB 1 24-36, MSB 3 36-48, its last fold from 44 on. LSB 2: 3 folds of
    # 1 cycle, whose weights load 4 cycles apart: 48-49, 52-53, 56-57. LSB 3 has nothing to do, its
    # gate is known at 52. The skew: 61.
    layer, mask = conv(3, 3, 4, 3, groups=3), drawn("xxxx x... ....")
    row = row_of(layer, mask, {"array.dataflow": "ws"})
    assert cycles(row) == (36, 15, 10, 2)
    assert slots(row) == (12, 5, 3, 5)


@pytest.mark.parametrize(
    ("dataflow", "msb_cycles"),
    [
        ("os", 3 * 9),  # a fold of 9 cycles in each group
        ("ws", 3 * 3 * 4),  # ceil(9 / 4) folds of 4 positions
        ("bitfusion", 3 * 9 * 4),  # 9 taps of one input channel
        ("is", 3 * 2 * 3 * 1),  # 2 lane groups of 2 positions, ceil(9 / 4) folds of 1 channel
    ],
)
def test_depthwise_under_every_dataflow(dataflow: str, msb_cycles: int) -> None:
    layer = conv(3, 3, 4, 3, groups=3)
    row = row_of(layer, filled(layer, False), {"array.dataflow": dataflow})
    assert row["msb_cycles"] == msb_cycles


def test_recurrent_with_a_batch() -> None:
    # Three images in batches of 2 and 1, two time steps: four runs, of 2, 2, 1 and 1 positions.
    # Run 1: MSB 0-2, gate 6, LSB 6-8 (both images), end 12: 8 bubbles. Run 2: MSB 0-2, gate 6,
    # nothing gated: 4 bubbles. Runs 3 and 4: MSB 0-1, gate 5: 4 bubbles each.
    layer = recurrent(2, 3, 2)
    mask = drawn("x. ..", ".. x.", ".. ..")
    row = row_of(layer, mask, {"array.dataflow": "ws", "batch": 2})
    assert cycles(row) == (6, 2, 8 + 4 + 4 + 4, 4 * 2)
    assert slots(row) == (6, 2, 1, 1)
    # Weights, one burst of 16 bytes, come in the first step of each batch; inputs in every run.
    assert (row["dram_weight_read_bytes"], row["dram_activation_read_bytes"]) == (2 * 16, 4 * 16)
    # The two images' entries are disjoint: `combine` issues them together.
    combined = {"array.dataflow": "ws", "batch": 2, "lsb.scheduler": "combine"}
    assert row_of(layer, mask, combined)["lsb_slots_issued"] == 1


@pytest.mark.parametrize(
    ("changes", "bubbles"),
    [
        ({}, 3 + 4),  # as test_nothing_is_gated, the last gate 3 cycles later
        # MSB 1 0-12, its gate is known at 19, MSB 2 19-31, its gate at 38
        ({"memory.double_buffered": False}, 2 * (4 + 3)),
        # two folds a tile, each followed by its skew, then the gate
        ({"array.overlap": "none"}, 2 * (2 * 4 + 3)),
    ],
)
def test_the_gate_takes_cycles_of_its_own(changes: Row, bubbles: int) -> None:
    row = row_of(FIVE, filled(FIVE, False), {"lsb.gate_latency_cycles": 3} | changes)
    assert (row["msb_cycles"], row["lsb_cycles"], row["bubble_cycles"]) == (24, 0, bubbles)


def test_only_gated_passes_wait_for_a_gate() -> None:
    for scheme in ("dual_dense", "full", "msb_only"):
        early, late = (
            cycles(row_of(FIVE, filled(FIVE, True), {"lsb.gate_latency_cycles": latency}, scheme))
            for latency in (0, 64)
        )
        assert early == late
