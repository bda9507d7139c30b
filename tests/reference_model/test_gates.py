"""The reference's gates and output buffers, worked by hand (M16, M18, M19)."""

from __future__ import annotations

import pytest
from hand_worked import linear, simulate, steady_and_bubbles

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
