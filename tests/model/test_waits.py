"""When tiles wait for transfers and for their sums, worked by hand (M19, M25)."""

from __future__ import annotations

from designs import filled, linear
from layer_rows import cycles, row_of


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
