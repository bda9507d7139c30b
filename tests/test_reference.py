"""The reference model against cases worked by hand from MODEL.md; the working is beside each."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from cases import random_case
from hand_worked import arch, linear, port, simulate, steady_and_bubbles
from reference import (
    COUNTS,
    combine,
    fullest_lane,
    gated_outputs,
    ideal,
    macs_and_cycles,
    output_bits_of,
    queue,
    schedule,
    simulate_layer,
    skip,
    stepped_outputs,
)
from reference.layers import layer_of, passes_of
from reference.mapping import Job, runs_of, tiles_of

# M1-M5


def test_pe_rates() -> None:
    fusion = {"kind": "fusion", "max_activation_bits": 8, "max_weight_bits": 8}
    # 16 two-bit bricks: 8x8 takes all, 4x8 half, 2x8 a quarter; 3 rounds to 4, 5 to 8, 1 to 2.
    expected = {
        8: (1, 1),
        5: (1, 1),
        4: (2, 1),
        3: (2, 1),
        2: (4, 1),
        1: (4, 1),
        9: (1, 2),
        16: (1, 2),
    }
    assert {a: macs_and_cycles(fusion, a, 8) for a in expected} == expected
    assert macs_and_cycles(fusion, 2, 2) == (16, 1)
    fixed = {"kind": "fixed", "max_activation_bits": 2, "max_weight_bits": 3}
    assert macs_and_cycles(fixed, 5, 8) == (1, 9)  # ceil(5/2) * ceil(8/3)
    for kind, cycles in {"serial_activation": 5, "serial_weight": 8, "serial_both": 40}.items():
        assert macs_and_cycles({"kind": kind, "terms": 16}, 5, 8) == (16, cycles)


def test_schemes_give_their_passes() -> None:
    layer = layer_of(linear(1, 1, 1))  # B = 8 = 4 + 4, w = 8

    def widths(scheme: str) -> list[tuple[int, int, bool]]:
        return [(p.activation_bits, p.weight_bits, p.gated) for p in passes_of(layer, scheme)]

    assert widths("pg") == [(4, 8, False), (4, 8, True)]
    assert widths("dual_dense") == [(4, 8, False), (4, 8, False)]
    assert widths("full") == [(8, 8, False)]
    assert widths("msb_only") == [(4, 8, False)]
    assert widths("uniform:6,5") == [(6, 5, False)]
    assert widths("uniform:6") == [(6, 8, False)]
    with pytest.raises(ValueError, match="gate: input"):
        passes_of(layer_of(linear(1, 1, 1, gate="input")), "pg")


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


# M11-M14: schedulers. Seven entries, lane 0 fullest with three, one slot without any.

MASK = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 1, 1],
    [1, 1, 0, 0],
]


def members(issue: Any) -> list[set[int]]:
    return [{slot for slot, _ in issue_slot.values()} for issue_slot in issue.slots]


def test_skip_and_ideal() -> None:
    assert members(skip(MASK)) == [{0}, {1}, {2}, {4}, {5}]
    assert len(ideal(MASK, 4).slots) == 2  # ceil(7/4)
    assert fullest_lane(MASK) == 3


def test_combine() -> None:
    # 1 joins 0, which is full; 2 opens; 4 joins 2; 5 finds two held: the oldest goes, 5 opens.
    assert members(combine(MASK, 2, 2)) == [{0, 1}, {2, 4}, {5}]
    # three ways: 2 shares lane 0 with the first and opens; 4 joins the oldest that fits, {0, 1}; 5
    # shares lane 0 with {2}, and {0, 1, 4} is full.
    assert members(combine(MASK, 3, 2)) == [{0, 1, 4}, {2}, {5}]
    # one open slot: 2 pushes {0, 1} out, 4 joins 2, 5 pushes them out.
    assert members(combine(MASK, 2, 1)) == [{0, 1}, {2, 4}, {5}]
    assert members(combine(MASK, 1, 8)) == members(skip(MASK))
    assert combine(MASK, 2, 2).vectors == 5  # each active slot's operands are read once


def test_queue() -> None:
    # depth 1: slots 0 and 1, then 2 would overflow lane 0; slots 2 and 4, then 5 would; slot 5.
    assert queue(MASK, 1, 4).slots == [
        {0: (0, 0), 1: (1, 1)},
        {0: (2, 0), 2: (4, 2), 3: (4, 3)},
        {0: (5, 0), 1: (5, 1)},
    ]
    # depth 2: four slots scanned at once; then 5; lane 0 drains its third entry last.
    assert queue(MASK, 2, 4).slots == [
        {0: (0, 0), 1: (1, 1), 2: (4, 2), 3: (4, 3)},
        {0: (2, 0), 1: (5, 1)},
        {0: (5, 0)},
    ]
    assert members(queue(MASK, 1, 1)) == members(skip(MASK))
    assert queue(MASK, 2, 4).vectors == 7  # each entry reads its own operands


def test_nothing_active_issues_nothing() -> None:
    empty = [[0, 0], [0, 0]]
    for issue in (skip(empty), combine(empty, 2, 2), queue(empty, 2, 2), ideal(empty, 2)):
        assert (issue.slots, issue.vectors) == ([], 0)


# M16, M19: gates and buffers. `os` on 2 x 2 PEs, D = 5: a fold of 2 positions takes 5 cycles, the
# skew is 2.


@pytest.mark.parametrize(
    ("active", "window", "double_buffered", "lsb_cycles", "bubbles"),
    [
        # MSB1 0-5, MSB2 5-10, LSB1 10-15 (gate known at 7), LSB2 15-20 (at 12), sums out at 22.
        ((0, 2), 2, True, 10, 2),
        # the second tile has nothing to do: LSB1 10-15, sums out at 17.
        ((0,), 2, True, 5, 2),
        # nothing at all: MSB2 ends at 10, its gate is known at 12.
        ((), 2, True, 0, 2),
        # one buffer: gate and drain of each tile show, 2 * (2 + 2); an empty LSB pass drains
        # nothing.
        ((0, 2), 2, False, 10, 8),
        ((0,), 2, False, 5, 6),
        ((), 2, False, 0, 4),
        # one window of two folds: MSB 0-10, gate until 12, LSB until 17 (one fold of issued slots),
        # 19.
        ((3,), 4, True, 5, 4),
        ((0, 1, 3), 4, False, 10, 4),
    ],
)
def test_gate_waits(
    active: tuple[int, ...], window: int, double_buffered: bool, lsb_cycles: int, bubbles: int
) -> None:
    changes = {
        "array.rows": 2,
        "lsb.window": window,
        "memory.double_buffered": double_buffered,
    }
    plane = [int(position in active) for position in range(4)]
    counts = simulate(linear(4, 2, 5), changes, "pg", mask=[[plane, plane]])
    assert steady_and_bubbles(counts) == (10, lsb_cycles, bubbles)
    assert counts["lsb_macs"] == 2 * len(active) * 5
    assert counts["lsb_slots_dense"] == 4
    assert counts["lsb_slots_issued"] == counts["lsb_slots_fullest_lane"] == len(active)


def test_gate_that_the_next_msb_pass_does_not_hide() -> None:
    # 2 x 4 PEs: skew 4; D = 3. MSB1 0-3, MSB2 3-6, gate 1 known at 7: one bubble; LSB1 7-10, gate 2
    # known at 10; LSB2 10-13; sums out at 17: four more.
    changes = {"array.rows": 2, "array.columns": 4, "lsb.window": 2}
    counts = simulate(linear(4, 2, 3), changes, "pg", mask=[[[1] * 4] * 2])
    assert steady_and_bubbles(counts) == (6, 6, 5)


@pytest.mark.parametrize(
    ("active", "overlap", "double_buffered", "bubbles"),
    [
        # As above, 2 cycles later: MSB1 0-3, MSB2 3-6, gate 1 known at 9, LSB1 9-12, gate 2 known
        # at 12, LSB2 12-15; sums have no gate to pass, and are out at 19.
        (1, "folds", True, 3 + 4),
        # MSB2 ends at 6, its sums are out at 10, but its gate is known at 12.
        (0, "folds", True, 6),
        # One buffer: each tile waits 4 + 2 for its gate and 4 for its last sums, if there are any.
        (1, "folds", False, 2 * (4 + 2 + 4)),
        (0, "folds", False, 2 * (4 + 2)),
        # Isolated folds: edges of 4 around each, and the gate behind that of the MSB pass.
        (1, "none", True, 2 * (4 + 2 + 4)),
        (0, "none", True, 2 * (4 + 2)),
    ],
)
def test_gate_latency(active: int, overlap: str, double_buffered: bool, bubbles: int) -> None:
    changes = {
        "array.rows": 2,
        "array.columns": 4,
        "array.overlap": overlap,
        "lsb.window": 2,
        "lsb.gate_latency_cycles": 2,
        "memory.double_buffered": double_buffered,
    }
    counts = simulate(linear(4, 2, 3), changes, "pg", mask=[[[active] * 4] * 2])
    assert steady_and_bubbles(counts) == (6, 6 * active, bubbles)


def test_tiles_without_a_gate_wait_for_the_one_output_buffer() -> None:
    # 2 x 2 PEs, skew 2: MSB1 0-5, LSB1 5-10, and so on without waiting, sums out at 22.
    changes = {"array.rows": 2, "lsb.window": 2}
    counts = simulate(linear(4, 2, 5), changes, "dual_dense")
    assert steady_and_bubbles(counts) == (10, 10, 2)
    assert counts["lsb_slots_issued"] == counts["lsb_slots_fullest_lane"] == 4
    # One buffer: LSB1 5-10, sums out at 12, MSB2 12-17.
    counts = simulate(linear(4, 2, 5), changes | {"memory.double_buffered": False}, "dual_dense")
    assert steady_and_bubbles(counts) == (10, 10, 2 + 2)
    # 4 x 2 PEs, one pass, skew 4: windows of 128 and of 2 positions, 32 folds of 5 cycles and one.
    changes = {"memory.output_sram.kib": 1, "memory.double_buffered": False}
    assert steady_and_bubbles(simulate(linear(130, 2, 5), changes)) == (165, 0, 4 + 4)


def test_staying_weights_keep_msb_passes_in_their_lane_group() -> None:
    # ws on 4 x 1 PEs: skew 3, D = 1, so that the weights stay; 2 lane groups of 1 window of 2
    # slots. MSB 0-2, gate known at 5, LSB 5-7, long after the 4 cycles of the load. MSB 7-9, gate
    # at 12, LSB 12-14, sums out at 17. The second MSB pass does not fill the first gate.
    changes = {"array.columns": 1, "array.dataflow": "ws"}
    counts = simulate(linear(2, 2, 1), changes, "pg", mask=[[[1, 1], [1, 1]]])
    assert steady_and_bubbles(counts) == (4, 4, 3 + 3 + 3)
    # LSB of one slot: 5-6, MSB 6-8, gate at 11, LSB 11-12, sums out at 15.
    counts = simulate(linear(2, 2, 1), changes, "pg", mask=[[[0, 1], [0, 1]]])
    assert steady_and_bubbles(counts) == (4, 2, 3 + 3 + 3)


def test_edges_without_overlap_hold_every_wait() -> None:
    # One MSB fold pair and one LSB fold, each with its edge of 2 + 2 - 2.
    changes = {"array.rows": 2, "array.overlap": "none"}
    counts = simulate(linear(4, 2, 5), changes, "pg", mask=[[[0, 1, 0, 0], [0] * 4]])
    assert steady_and_bubbles(counts) == (10, 5, 6)


def test_lanes_ordered_by_density() -> None:
    # Channels 1 and 3 are always on, 0 and 2 never: side by side they leave one lane group with
    # nothing.
    mask = [[[0] * 4, [1] * 4, [0] * 4, [1] * 4]]
    changes = {"lsb.lane_order": "density"}
    assert simulate(linear(4, 4, 5), {}, "pg", mask=mask)["lsb_slots_issued"] == 8
    paired = simulate(linear(4, 4, 5), changes, "pg", mask=mask, calibration_mask=mask)
    assert paired["lsb_slots_issued"] == 4


# M21-M25


def test_port_stalls() -> None:
    # 4 positions of 8 activations of 8 bits through 8 bits a cycle: 32 cycles, of which 8 are
    # steady.
    ports = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    counts = simulate(linear(4, 2, 8), ports)
    assert (counts["msb_cycles"], counts["port_stall_cycles"]) == (8, 24)
    # pg under `ideal`: the MSB pass of 4 bits stalls 16 - 8, the LSB pass does not.
    counts = simulate(
        linear(4, 2, 8), ports | {"lsb.scheduler": "ideal"}, "pg", mask=[[[1] * 4] * 2]
    )
    assert (counts["lsb_cycles"], counts["port_stall_cycles"]) == (8, 8)


# M21: what a step needs, and when. One bank of 8 bits is one activation of 8 bits in a cycle.


def test_fold_waits_give_the_port_time() -> None:
    # Two folds of one step, 4 activations each, by one a cycle. The first step may end in cycle 4,
    # 3 late; the second fold waits 3 cycles for the bus (its end 4 after the other's), while the
    # other 4 are read: 8 read in the 8th cycle, the array's own fifth.
    counts = simulate(linear(8, 2, 1), port(1))
    assert (counts["msb_cycles"], counts["bubble_cycles"]) == (2, 3 + 4)
    assert counts["port_stall_cycles"] == 3


def test_short_folds_and_steps_need_their_operands_first() -> None:
    def stalls(*case: Any) -> tuple[int, int]:
        counts = simulate(*case)
        return counts["msb_cycles"], counts["port_stall_cycles"]

    # os, 5 positions: a fold of 1, whose 2 steps need 1 activation each; after a wait of 2 a fold
    # of 4. 1, 2, 6, 10 are needed by cycles 1, 2, 5, 6, and 2, 4, 10, 12 are read by then. The
    # whole fold first would need 4 and 8 by cycles 1 and 2.
    assert stalls(linear(5, 2, 2), port(2)) == (4, 0)
    # Fusion PEs at 4 bits: L = 2, and D = 3 is a step of 1 and one of 2 elements. 4 rows need
    # 4 * 4 = 16 and 48 bits by cycles 1 and 2; 24 and 48 are read. The whole step needs 32 bits.
    fusion = {"array.pe.kind": "fusion"}
    assert stalls(linear(4, 2, 3), fusion | port(3), "uniform:4") == (2, 0)
    # ws, D = 5: a fold of 1 and one of 4 rows, 4 slots each. 1 to 4, then 8, 12, 16, 20 are needed;
    # 3 in every cycle are read. The whole fold first would need 4 at once.
    assert stalls(linear(4, 2, 5), {"array.dataflow": "ws"} | port(3)) == (8, 0)
    # By 2 a cycle: 20 activations in 10 cycles; every step before is the less late.
    assert stalls(linear(4, 2, 5), {"array.dataflow": "ws"} | port(2)) == (8, 2)
    # bitfusion, kernel 1 x 2 over 5 channels: folds of 1 and 4 rows for either tap. By 2 a cycle
    # the first tap needs 20 in cycle 10, 2 after its own; so does the second, 40 in cycle 20.
    layer = linear(0, 2, 5) | {"op": "conv2d", "in_size": [1, 5], "kernel": [1, 2]}
    assert stalls(layer, {"array.dataflow": "bitfusion"} | port(3)) == (16, 0)
    assert stalls(layer, {"array.dataflow": "bitfusion"} | port(2)) == (16, 4)


@pytest.mark.parametrize(
    ("lsb", "banks", "issued", "port_stalls"),
    [
        # Entries 4, 2, 1 in slot times 1, 2, 3 (test_queue, depth 2): 64, 96, 112 bits of which 40
        # a cycle are read: 2, 3, 3 cycles. One stall in the first step serves all.
        ({"scheduler": "queue"}, 5, 3, 1),
        # 48 a cycle: 2, 2, 3 cycles.
        ({"scheduler": "queue"}, 6, 3, 1),
        # 64 a cycle: 1, 2, 2.
        ({"scheduler": "queue"}, 8, 3, 0),
        # Members 3, 1, 1 (test_combine, three ways): 48, 64, 80 bits at 32 a cycle: 2, 2, 3.
        ({"scheduler": "combine", "ways": 3}, 4, 3, 1),
        # Members 2, 2, 1: 32, 64, 80 bits at 32 a cycle: 1, 2, 3.
        ({"scheduler": "combine", "ways": 2}, 4, 3, 0),
        # 5 slots alike, 80 bits at 8 a cycle: 10 - 5. The MSB pass's 6: 12 - 6.
        ({"scheduler": "skip"}, 1, 5, 5 + 6),
    ],
)
def test_the_fullest_issue_slots_need_the_port_first(
    lsb: dict[str, Any], banks: int, issued: int, port_stalls: int
) -> None:
    # ws on 4 x 4 PEs, D = 4: one fold, of whose slots each operand vector has 4 * 4 bits.
    changes: dict[str, Any] = {"array.columns": 4, "array.dataflow": "ws"}
    changes |= {f"lsb.{key}": value for key, value in lsb.items()} | {"lsb.depth": 2}
    mask = [[list(lane) for lane in zip(*MASK, strict=True)]]
    counts = simulate(linear(6, 4, 4), changes | port(banks), "pg", mask=mask)
    assert (counts["msb_cycles"], counts["lsb_cycles"]) == (6, issued)
    assert counts["port_stall_cycles"] == port_stalls
    assert counts["bubble_cycles"] == 6 + 6  # the gate, and the last sums


def test_a_frozen_array_hides_no_wait() -> None:
    # The gates of test_gate_that_the_next_msb_pass_does_not_hide, with 8 bits in either pass: each
    # step of a fold of 2 needs two cycles, so that 4 passes of 3 steps stall 3 each.
    changes = {"array.rows": 2, "array.columns": 4, "lsb.window": 2}
    layer = linear(4, 2, 3, activation_bits=16, msb_bits=8)
    counts = simulate(layer, changes | port(1), "pg", mask=[[[1] * 4] * 2])
    assert (counts["msb_cycles"], counts["lsb_cycles"], counts["bubble_cycles"]) == (6, 6, 5)
    assert counts["port_stall_cycles"] == 4 * 3


def test_traffic_of_one_dense_tile() -> None:
    # 4 x 8 activations of 8 bits; 8 x 2 weights of 4 bits; 8 outputs of 8 bits. Bursts of 16 bytes:
    # input 2, weights 1, outputs 1; at 16 bytes a cycle 3 cycles before the tile and 1 after it.
    counts = simulate(linear(4, 2, 8, weight_bits=4))
    assert counts["activation_sram_read_bytes"] == 32
    assert counts["weight_sram_read_bytes"] == 8
    assert counts["output_sram_read_bytes"] == counts["output_sram_write_bytes"] == 8
    assert (counts["dram_read_bytes"], counts["dram_write_bytes"]) == (48, 16)
    assert counts["dram_stall_cycles"] == counts["stall_cycles"] == 4
    assert counts["cycles"] == 8 + 4 + 4  # steady, one skew, the waits


def test_partial_sums_and_masks() -> None:
    # N = 8 outputs, E = 3 gated: writes 32 * 8, then 32 * 3, and 8 mask bits: 360 bits, 6 words of
    # 8 bytes; reads 32 * 3, at last 32 * 8, and the mask.
    mask = [[[1, 0, 0, 1], [0, 0, 1, 0]]]
    apart = simulate(linear(4, 2, 8), {"lsb.scheduler": "combine"}, "pg", mask=mask)
    assert apart["output_sram_write_bytes"] == apart["output_sram_read_bytes"] == 48
    # With skip and a window of at most R slots the accumulators keep them: 8 * 8 + 8 bits, two
    # words.
    kept = simulate(linear(4, 2, 8), {}, "pg", mask=mask)
    assert kept["output_sram_write_bytes"] == kept["output_sram_read_bytes"] == 16


def test_tiles_overlap_their_transfers() -> None:
    # Two windows of 64 positions (1 KiB, half of it, over 2 columns), K = 2, D = 8, 4 bytes a
    # cycle. Input 512 bytes a tile (128 cycles), weights 16 (4), outputs 128 (32); a tile computes
    # 16 * 8 = 128, the last 4 more. total = 132 + max(128, 128) + max(132, 32) + 32, compute 260.
    changes = {"memory.output_sram.kib": 1, "memory.dram.bytes_per_cycle": 4}
    counts = simulate(linear(128, 2, 8), changes)
    assert (counts["cycles"], counts["dram_stall_cycles"]) == (424, 164)
    # Single-buffered, a window of 128 is one tile: 256 + 4 + 260 + 64.
    counts = simulate(linear(128, 2, 8), changes | {"memory.double_buffered": False})
    assert counts["cycles"] == 584


def test_interleaved_passes_are_turns() -> None:
    # test_gate_waits' first case: MSB1 0-5 | MSB2 5-10, LSB1 10-15 | LSB2 15-20, sums out at 22:
    # turns of 5, 10 and 7 cycles. Weights 10 bytes, each tile's input 10, its outputs 4: a burst of
    # 16 each, and a byte a cycle. Tile 2 is fetched in turn 1, tile 1 written in turn 3:
    # 32 + max(5, 16) + max(10, 0) + max(7, 16) + 16.
    changes = {"array.rows": 2, "lsb.window": 2, "memory.dram.bytes_per_cycle": 1}
    mask = [[[1, 0, 1, 0]] * 2]
    counts = simulate(linear(4, 2, 5), changes, "pg", mask=mask)
    assert (counts["cycles"], counts["dram_stall_cycles"]) == (90, 90 - 22)
    # Isolated passes are not interleaved; two turns of (5 + 2) * 2: 32 + 16 + 16 + 16.
    counts = simulate(linear(4, 2, 5), changes | {"array.overlap": "none"}, "pg", mask=mask)
    assert (counts["cycles"], counts["dram_stall_cycles"]) == (80, 80 - 28)
    # Not without a gate either: 10 and 12 cycles.
    counts = simulate(linear(4, 2, 5), changes, "dual_dense")
    assert (counts["cycles"], counts["dram_stall_cycles"]) == (80, 80 - 22)


def test_turns_from_one_lane_group_to_the_next() -> None:
    # test_staying_weights_keep_msb_passes_in_their_lane_group: MSB1 0-2 | gate, LSB1 5-7, MSB2 7-9
    # | gate, LSB2 12-14, sums out at 17: turns of 2, 7 and 8. Tile 1 reads weights and input, 2
    # bursts of 4 cycles, tile 2 weights; both write one: 8 + max(2, 4) + 7 + max(8, 4) + 4.
    changes = {"array.columns": 1, "array.dataflow": "ws", "memory.dram.bytes_per_cycle": 4}
    counts = simulate(linear(2, 2, 1), changes, "pg", mask=[[[1, 1], [1, 1]]])
    assert (counts["cycles"], counts["dram_stall_cycles"]) == (31, 31 - 17)


def test_lsb_plane_on_demand() -> None:
    # A pixel's LSB plane is 8 channels of 4 bits, 4 bytes: two pixels a burst of 8. MSB plane 16
    # bytes, weights 8 * 2 * 8 bits = 16 bytes.
    changes = {"memory.lsb_fetch": "on_demand", "memory.dram.burst_bytes": 8}

    def read(*active: int) -> int:
        plane = [int(position in active) for position in range(4)]
        return simulate(linear(4, 2, 8), changes, "pg", mask=[[plane, [0] * 4]])["dram_read_bytes"]

    assert read() == 32
    assert read(0) == read(0, 1) == 40
    assert read(0, 3) == 48
    # A second lane group needs the same pixels: the input is resident, the bursts are held.
    mask = [[[1, 0, 0, 0]] * 4]
    assert simulate(linear(4, 4, 8), changes, "pg", mask=mask)["dram_read_bytes"] == 32 + 8 + 16


def test_operands_larger_than_their_buffer_are_fetched_again() -> None:
    # Weights of a lane group 300 * 2 * 8 = 4800 bits exceed half of 1 KiB: each pass of a tile
    # fetches 600 bytes, 38 bursts. The input, 8 * 300 bytes, stays at 150 bursts, and is fetched
    # once.
    layer = linear(8, 2, 300)
    counts = simulate(layer, {"memory.weight_sram.kib": 1})
    assert counts["dram_read_bytes"] == (38 + 150) * 16
    # The tile has two folds: 2 pieces of at most 4096 bits, so its 16 sums leave twice.
    assert counts["output_sram_write_bytes"] == 2 * 16 * 4
    assert simulate(layer, {})["output_sram_write_bytes"] == 16 * 8 // 8
    counts = simulate(layer, {"memory.weight_sram.kib": 1}, "dual_dense")
    assert counts["dram_read_bytes"] == (2 * 38 + 150) * 16
    # An input over its buffer is fetched by both lane groups; the weights fit: 38 bursts each.
    counts = simulate(linear(8, 4, 300), {"memory.activation_sram.kib": 1})
    assert counts["dram_read_bytes"] == (2 * 38 + 2 * 150) * 16


def test_wide_rows_are_fetched_by_every_kernel_row() -> None:
    # 3 rows * 40 * 8 channels * 8 bits = 7680 bits exceed half of 1 KiB; the whole input is 960
    # bytes, 60 bursts, fetched 3 times; the weights 72 * 2 bytes, 9 bursts.
    layer = linear(0, 2, 8) | {
        "op": "conv2d",
        "in_size": [3, 40],
        "kernel": [3, 3],
        "stride": [1, 6],
    }
    counts = simulate(layer, {"memory.activation_sram.kib": 1})
    assert counts["dram_read_bytes"] == (3 * 60 + 9) * 16


def test_output_bits_follow_the_next_layer() -> None:
    layer, after = linear(1, 1, 1), linear(1, 1, 1, activation_bits=5, msb_bits=2)
    assert output_bits_of(layer, arch(), "pg", after) == 5
    assert output_bits_of(layer, arch(), "msb_only", after) == 2
    assert output_bits_of(layer, arch(), "pg") == 8
    assert output_bits_of(layer, arch({"output_bits": 16}), "pg", after) == 16


# Random cases: the reference's own assertions (each MAC once, each mask bit once), M14, and the
# sums.


@pytest.mark.parametrize("first_seed", range(0, 100, 20))
def test_random_cases(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        case = random_case(seed)
        counts = simulate_layer(
            case.layer,
            case.arch,
            case.scheme,
            images=case.images,
            output_bits=case.output_bits,
            mask=case.mask,
            calibration_mask=case.calibration_mask,
        )
        assert set(counts) == set(COUNTS)
        assert counts["cycles"] == sum(
            counts[f"{part}_cycles"] for part in ("msb", "lsb", "bubble", "stall")
        )
        for scheduler in ("dense", "skip", "combine", "queue"):
            assert counts["lsb_slots_ideal"] <= counts["lsb_slots_fullest_lane"]
            if case.arch["lsb"]["scheduler"] == scheduler:
                assert counts["lsb_slots_fullest_lane"] <= counts["lsb_slots_issued"]


@pytest.mark.parametrize("seed", range(100))
def test_scheduler_order(seed: int) -> None:
    case = random_case(seed)
    job = Job(layer_of(case.layer), passes_of(layer_of(case.layer), case.scheme), case.arch)
    if not job.gated or case.mask is None:
        return
    lsb = case.arch["lsb"]
    for run in runs_of(job, case.images):
        for tile in tiles_of(job, run, case.calibration_mask):
            mask = tile.mask(job.layer, case.mask)
            n = {
                name: len(schedule(mask, lsb | {"scheduler": name}, job.columns).slots)
                for name in ("ideal", "combine", "queue", "skip", "dense")
            }
            assert n["ideal"] <= n["combine"] <= n["skip"] <= n["dense"]
            assert n["ideal"] <= n["queue"] <= n["skip"]
            assert fullest_lane(mask) <= min(n["combine"], n["queue"])
            assert len(queue(mask, len(mask), len(mask)).slots) == fullest_lane(mask)


def test_stepped_sums_are_precision_gatings() -> None:
    """The array's own accumulations equal O_hb * 2^B_lb + mask * W * I_lb, output by output."""
    compared = 0
    for seed in range(60):
        case = random_case(seed)
        if case.scheme != "pg" or case.mask is None:
            continue
        rng, layer = Random(seed), layer_of(case.layer)
        bits = layer.activation_bits
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if seed % 2 else (0, 2**bits - 1)
        activations = [
            [
                [rng.randint(low, high) for _ in range(layer.pixels * layer.time_steps)]
                for _ in range(layer.in_channels)
            ]
            for _ in range(case.images)
        ]
        weights = [
            [rng.randint(-128, 127) for _ in range(layer.reduction)]
            for _ in range(layer.out_channels)
        ]
        expected = gated_outputs(case.layer, activations, weights, case.mask)
        stepped = stepped_outputs(
            case.layer, case.arch, activations, weights, case.mask, case.calibration_mask
        )
        assert stepped == expected
        compared += 1
    assert compared >= 15
