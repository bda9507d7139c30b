"""The smallest and oddest layers, worked by hand on a 4 x 2 array of fixed PEs (tests/designs.py).

Its skew is R + C - 2 = 4 cycles, and each run waits 2 cycles for DRAM: 1 for its first operands, 1
until its last outputs have left. MSB 1 0-12 reads: the MSB pass of tile 1 in cycles 0 to 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import conv, design, drawn, filled, linear, recurrent, trace_of

from pgsim import LayerShape, simulate

Row = dict[str, Any]


def row_of(
    layer: LayerShape, mask: np.ndarray, changes: Row | None = None, scheme: str = "pg"
) -> Row:
    return simulate(trace_of(layer, mask), design(changes), scheme).layers.iloc[0].to_dict()


def cycles(row: Row) -> tuple[int, ...]:
    """MSB, LSB, bubble and DRAM stall cycles, after checking that no port stalls."""
    assert row["port_stall_cycles"] == 0
    parts = [row[f"{part}_cycles"] for part in ("msb", "lsb", "bubble", "dram_stall")]
    assert row["cycles"] == sum(parts)
    return tuple(parts)


def slots(row: Row) -> tuple[int, ...]:
    """LSB slots: dense, issued, ideal, of the fullest lane."""
    return tuple(row[f"lsb_slots_{kind}"] for kind in ("dense", "issued", "ideal", "fullest_lane"))


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


ONE_CHANNEL = linear(6, 3, 1)


def test_one_channel() -> None:
    # `ws`: the weights of one reduction fold stay. MSB 0-6; the gate is known at 10; LSB 10-13; 17.
    row = row_of(ONE_CHANNEL, drawn("x.x..x"), {"array.dataflow": "ws"})
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


def test_a_window_of_one_fold_keeps_its_sums_in_the_accumulators() -> None:
    # Windows of 4: each moves 8 outputs of 4 bits and 8 mask bits, 5 bytes, in and out. One window
    # of 8: 16 sums of 32 bits and 2 updated ones, 72 bytes, and 16 mask bits, 2 bytes.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    narrow = {"memory.output_sram.port_bits": 8}
    for window, expected in ((4, 10), (8, 74)):
        row = row_of(layer, mask, narrow | {"lsb.window": window})
        assert row["output_sram_write_bytes"] == row["output_sram_read_bytes"] == expected


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
    ("fetch", "image", "bytes_read"),
    [
        ("with_msb", "....", 64),  # 4 positions of 32 channels of 4 bits
        ("on_demand", "....", 32),  # the MSBs alone
        ("on_demand", "x...", 48),  # and one position's LSBs: 64 bits, one burst of 16 bytes
        ("on_demand", "xx..", 48),  # the next position's lie in the same burst
        ("on_demand", "x..x", 64),
    ],
)
def test_the_lsb_plane_is_fetched_with_the_msbs_or_on_demand(
    fetch: str, image: str, bytes_read: int
) -> None:
    row = row_of(linear(4, 32, 1), drawn(image), {"memory.lsb_fetch": fetch})
    assert row["dram_activation_read_bytes"] == bytes_read


def test_a_single_buffer_waits_for_each_transfer() -> None:
    # Three tiles, each a read and a write of one cycle; every gate and every LSB pass shows a skew.
    layer, mask = linear(1, 6, 5), filled(linear(1, 6, 5), True)
    row = row_of(layer, mask, {"memory.double_buffered": False})
    assert cycles(row) == (18, 18, 3 * (4 + 4), 3 * 2)


def test_a_single_buffer_waits_for_the_sums_of_every_layer() -> None:
    # One pass or two dense ones: each of three tiles ends a skew after its last pass.
    layer, single = linear(1, 6, 5), {"memory.double_buffered": False}
    row = row_of(layer, filled(layer, True), single, "dual_dense")
    assert cycles(row) == (18, 18, 3 * 4, 3 * 2)
    assert cycles(row_of(layer, filled(layer, True), single, "full")) == (18, 0, 3 * 4, 3 * 2)


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


def test_dram_works_beside_the_turns() -> None:
    # Three tiles and bursts of 8 cycles. The first tile reads its weights and the activations, two
    # bursts; the others one, and each writes one.
    layer = linear(1, 6, 5)
    slow = {"memory.dram.bytes_per_cycle": 2}
    # MSB 1 0-6; MSB 2 6-12, LSB 1 12-18 (gate 1 is known at 10); MSB 3 18-24, LSB 2 24-30; LSB 3
    # 30-36, 40. Turns of 6, 12, 12 and 10 cycles, during which come r2, r3, w1 and w2, one burst
    # each: 16 + 8 + 12 + 12 + 10 + 8 = 66 cycles, 26 more than 40.
    assert cycles(row_of(layer, filled(layer, True), slow)) == (18, 18, 4, 26)
    # Without a gate turns of 12, 12 and 16 cycles with r2, then r3 and w1, then w2:
    # 16 + 12 + 16 + 16 + 8 = 68 cycles, 28 more than 40.
    assert cycles(row_of(layer, filled(layer, True), slow, "dual_dense")) == (18, 18, 4, 28)
    # A single buffer shows all seven bursts.
    single = slow | {"memory.double_buffered": False}
    assert cycles(row_of(layer, filled(layer, True), single)) == (18, 18, 3 * (4 + 4), 7 * 8)


def test_ports_too_narrow_for_the_slots() -> None:
    # 8 bits a cycle: the MSB pass reads 6 slots of 3 activations of 2 bits, ceil(36 / 8) = 5 cycles
    # beside 6 of work; at 8 bits by 8, 18 cycles beside 6.
    narrow = {"array.dataflow": "ws"} | {
        f"memory.activation_sram.{key}": value for key, value in (("banks", 1), ("port_bits", 8))
    }
    mask = drawn("x.x..x")
    assert row_of(ONE_CHANNEL, mask, narrow)["port_stall_cycles"] == 0
    assert row_of(ONE_CHANNEL, mask, narrow, "uniform:8,8")["port_stall_cycles"] == 12


def port_stalls(layer: LayerShape, mask: np.ndarray, changes: Row, scheme: str = "pg") -> int:
    """Stalls behind a port of 8 bits a cycle."""
    port = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    return int(row_of(layer, mask, port | changes, scheme)["port_stall_cycles"])


def test_a_port_that_catches_up_was_behind_all_the_same() -> None:
    # `ws`, one fold: a slot reads 3 LSBs of 2 bits, 6 bits. The MSB pass never waits. `combine`
    # issues positions 1 and 2 together, then 3, then 4: 12 bits are there after 2 cycles, not 1;
    # all 24 in the 3 cycles of the pass. `queue` pops both lanes in each of 3 slot times: 36 bits
    # in 5 cycles. `skip` reads one position a cycle.
    layer, mask = linear(4, 3, 2), drawn("x.xx .xxx")
    for scheduler, expected in (("skip", 0), ("combine", 1), ("queue", 2), ("ideal", 0)):
        found = port_stalls(
            layer, mask, {"array.dataflow": "ws", "lsb.scheduler": scheduler, "lsb.scan": 2}
        )
        assert found == expected, scheduler


@pytest.mark.parametrize(
    ("positions", "overlap", "expected"),
    [
        # A fold is 4 slots of 3 activations of 4 bits, 48 bits, 6 cycles beside 3. The next one
        # ends 4 cycles later, at 7: 12 cycles of reading beside 7.
        (8, "folds", 5),
        # The first fold has one slot, 12 bits: 2 cycles of 3. Then 60 bits, 8 cycles beside 7.
        (5, "folds", 1),
        # Each fold alone: 3 cycles too late for the first; the second ends 3 + 4 later, at 10: 2.
        (8, "none", 3),
    ],
)
def test_ports_read_on_while_folds_wait(positions: int, overlap: str, expected: int) -> None:
    layer = linear(positions, 3, 1)
    assert port_stalls(layer, filled(layer, True), {"array.overlap": overlap}, "full") == expected


def test_ports_read_on_from_tap_to_tap() -> None:
    # `bitfusion`, 2 x 2 taps of 5 input channels: folds of 1 and of 4 channels, of one cycle a
    # slot. 9 positions of 4 bits: 36 bits in 9 cycles, then 180 in 18, ..., 720 bits, 90 cycles,
    # in 72.
    layer = conv(5, 1, 4, 2)
    assert port_stalls(layer, filled(layer, True), {"array.dataflow": "bitfusion"}, "full") == 18
