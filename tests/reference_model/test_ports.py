"""The reference's stalls for ports, worked by hand (M21, M43)."""

from __future__ import annotations

from typing import Any

import pytest
from hand_worked import linear, port, simulate


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
    # The mask of test_schedulers.MASK, lane by lane.
    mask = [[[1, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0]]]
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


@pytest.mark.parametrize(
    ("layer", "changes", "stalls"),
    [
        # M43: a vector of 8 * 4 bits is four words of 8, needed in steps 1, 3, 5, 7. Slots 0 and 4
        # lie in bank 0 of 4: 2 words by cycle 1, 8 by cycle 7. Slots 0 and 5 do not.
        (linear(8, 2, 8), {"mask": [[[1, 0, 0, 0, 1, 0, 0, 0], [0] * 8]]} | port(4), 1),
        (linear(8, 2, 8), {"mask": [[[1, 0, 0, 0, 0, 1, 0, 0], [0] * 8]]} | port(4), 0),
        # 2 lanes of 8 bits a step through 8 bits a cycle.
        (linear(4, 2, 8), {"memory.weight_sram.banks": 1}, 16 - 8),
        # ws: four rows load in four cycles, and need 64 bits.
        (linear(6, 2, 4), {"memory.weight_sram.banks": 1, "array.dataflow": "ws"}, 8 - 4),
        # 8 outputs of 8 bits, written and read.
        (linear(4, 2, 3), {"memory.output_sram.banks": 1}, 16 - 3),
    ],
)
def test_all_ports(layer: dict[str, Any], changes: dict[str, Any], stalls: int) -> None:
    mask = changes.pop("mask", None)
    narrow = {"memory.weight_sram.port_bits": 8, "memory.output_sram.port_bits": 8}
    own = {"memory.ports": "all"} | ({} if mask else narrow) | changes
    counts = simulate(layer, own, "pg" if mask else "full", mask=mask)
    assert counts["port_stall_cycles"] == stalls
