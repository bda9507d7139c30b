"""Stalls for the port that feeds the slots, worked by hand (M21)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, drawn, filled, linear
from layer_rows import Row, row_of

from pgsim import LayerShape

ONE_CHANNEL = linear(6, 3, 1)


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


@pytest.mark.parametrize("scheduler", ["skip", "combine", "queue"])
def test_a_pass_without_a_slot_waits_for_nothing(scheduler: str) -> None:
    # Windows of 4 slots, a fold of 8 steps each. A plane of 4 bits of them is 128 bits: 16 cycles
    # of reading beside 8. Both MSB passes stall, and the LSB pass of the window that has an entry
    # in every slot; that of the other does not happen.
    layer = linear(8, 8, 1, activation_bits=8, msb_bits=4)
    changes = {"lsb.window": 4, "lsb.scheduler": scheduler, "lsb.depth": 1, "lsb.scan": 1}
    assert port_stalls(layer, drawn("xxxx...."), changes) == 8 + 8 + 8
    assert port_stalls(layer, drawn("........"), changes) == 8 + 8


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
