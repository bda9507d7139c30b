"""The reference's traffic of passes of any number against cases worked by hand."""

from __future__ import annotations

from typing import Any

from hand_worked import LOW, TOP, WHOLE, dense, gated, linear, simulate
from reference import Pass, Plane

D, G = dense(TOP), gated(LOW)
THREE = [[[1, 0, 0, 1], [0, 0, 1, 0]]]  # 3 of 4 positions x 2 channels, in 3 slots


def read(layer: dict[str, Any], changes: dict[str, Any], scheme: Any, mask: Any = None) -> int:
    """Bytes that DRAM reads."""
    return simulate(layer, changes, scheme, mask=mask)["dram_read_bytes"]


# M22: the buffers, in words of 64 bits.


def test_each_pass_reads_its_own_planes() -> None:
    # os: 4 positions of 8 activations, 2 channels of 8 weights, one fold. Activations 4 * 8 * 6 and
    # 4 * 8 * 2 bits, 3 words and 1; weights 8 * 2 * 5, 2 words, and 8 * 2 * 3, 1.
    passes = [dense(Plane(2, 6), Plane(3, 5)), dense(Plane(0, 2), Plane(0, 3))]
    counts = simulate(linear(4, 2, 8), {}, passes)
    assert counts["activation_sram_read_bytes"] == (3 + 1) * 8
    assert counts["weight_sram_read_bytes"] == (2 + 1) * 8
    # A gated one reads 3 of the 4 slots, 3 * 8 * 2 bits, and the lanes' weights as before.
    counts = simulate(linear(4, 2, 8), {}, [*passes, gated(Plane(0, 2), LOW)], mask=THREE)
    assert counts["activation_sram_read_bytes"] == (3 + 1 + 1) * 8
    assert counts["weight_sram_read_bytes"] == (2 + 1 + 1) * 8


def test_staying_operands_are_read_once_for_all_passes() -> None:
    # ws, D = 3: 3 * 2 * 8 bits of weights, one word; in planes, four times 3 * 2 * 4 bits.
    changes = {"array.dataflow": "ws"}
    assert simulate(linear(2, 2, 3), changes, "planes:3,3,2")["weight_sram_read_bytes"] == 8
    assert simulate(linear(2, 2, 3), changes, "planes:4,4/4,4")["weight_sram_read_bytes"] == 4 * 8
    # is: 3 * 2 activations of 8 bits for both planes of the weights.
    changes = {"array.dataflow": "is"}
    assert simulate(linear(2, 2, 3), changes, "planes:8/4,4")["activation_sram_read_bytes"] == 8
    assert simulate(linear(2, 2, 3), changes, "planes:4,4")["activation_sram_read_bytes"] == 2 * 8


def test_sums_of_several_passes() -> None:
    # ws, D = 5 is F = 2. N = 8 outputs, E = 3. Written: 32 * 8 * 2 by either dense pass, 32 * 3 * 2
    # by the gated one, 8 of mask: 1224 bits, 20 words. Read: 32 * 8 less the first time, more at
    # the end.
    counts = simulate(linear(4, 2, 5), {"array.dataflow": "ws"}, [D, D, G], mask=THREE)
    assert counts["output_sram_write_bytes"] == counts["output_sram_read_bytes"] == 20 * 8
    # os under combine: written 32 * 8 + 32 * 3 + 32 * 8 + 32 * 3 + 8 = 712 bits, 12 words. Read
    # 32 * 3 + 32 * 8 + 32 * 3, at last 32 * 8, and the mask: as many.
    combine = {"lsb.scheduler": "combine"}
    counts = simulate(linear(4, 2, 5), combine, [D, G, D, G], mask=THREE)
    assert counts["output_sram_write_bytes"] == counts["output_sram_read_bytes"] == 12 * 8
    # Under skip the accumulators keep them: 8 outputs of 8 bits and the mask, two words.
    counts = simulate(linear(4, 2, 5), {}, [D, G, D, G], mask=THREE)
    assert counts["output_sram_write_bytes"] == counts["output_sram_read_bytes"] == 2 * 8
    # Of dense passes alone too, whatever the scheduler: one word.
    counts = simulate(linear(4, 2, 5), combine, [D, D, D], mask=THREE)
    assert counts["output_sram_write_bytes"] == counts["output_sram_read_bytes"] == 8


def test_pieces_are_of_a_passes_own_plane() -> None:
    # 300 * 2 weights of 8 bits exceed half of 1 KiB, 4096 bits, and a window of 8 has two folds of
    # R = 4. A pass over 8 bits takes them in two pieces, one over 4 bits, 2400, in one. Written:
    # 32 * 16 * 2 + 32 * 16, 24 words.
    changes = {"memory.weight_sram.kib": 1}
    passes = [dense(TOP, WHOLE), dense(LOW, LOW)]
    counts = simulate(linear(8, 2, 300), changes, passes)
    assert counts["output_sram_write_bytes"] == 24 * 8
    counts = simulate(linear(8, 2, 300), changes, passes[::-1])
    assert counts["output_sram_write_bytes"] == 24 * 8  # 32 * 16 + 32 * 16 * 2


# M23: DRAM, in bursts of 16 bytes.


def test_a_bit_that_two_passes_use_is_stored_once() -> None:
    # 4 * 16 activations of 8 bits are 4 bursts, 16 * 2 weights 2: the top bits again in the second
    # pass cost nothing.
    layer = linear(4, 2, 16)
    assert read(layer, {}, [D, gated(WHOLE)], [[[1] * 4] * 2]) == (4 + 2) * 16
    # Weights whose top half alone is used are one burst; activation bits 7 to 4 and 5 to 2 are 6
    # bits, three.
    assert read(layer, {}, [dense(WHOLE, TOP)]) == (4 + 1) * 16
    assert read(layer, {}, [D, dense(Plane(2, 4))]) == (3 + 2) * 16


def test_residency_is_at_stored_bits() -> None:
    # Half of 1 KiB is 4096 bits. An input of 8 * 100 activations fits at 5 bits, and both lane
    # groups fetch it once: 500 bytes, 32 bursts; at 6 bits it does not: 600 bytes, 38 bursts. The
    # weights, 100 * 2 * 8 bits a lane group, are 13 bursts.
    changes = {"memory.activation_sram.kib": 1}
    passes = [dense(Plane(5, 3)), dense(Plane(3, 4))]
    assert read(linear(8, 4, 100), changes, passes) == (32 + 2 * 13) * 16
    passes = [dense(Plane(5, 3)), dense(Plane(2, 4))]
    assert read(linear(8, 4, 100), changes, passes) == (2 * 38 + 2 * 13) * 16


def test_lane_operands_fetched_again_come_plane_by_plane() -> None:
    # 300 * 2 weights: 8 bits are 600 bytes, 38 bursts; 4 are 300, 19; 3 are 225, 15. The input,
    # 8 * 300 activations, is 150 bursts at 8 bits.
    layer, changes = linear(8, 2, 300), {"memory.weight_sram.kib": 1}
    assert read(layer, changes, "planes:4,4/4,4") == (4 * 19 + 150) * 16
    passes = [dense(WHOLE), dense(LOW, TOP), gated(LOW, Plane(0, 3))]
    ones, zeros = [[[1] * 8] * 2], [[[0] * 8] * 2]
    assert read(layer, changes, passes, ones) == (38 + 19 + 15 + 150) * 16
    assert read(layer, changes, passes, zeros) == (38 + 19 + 150) * 16
    # At 6 bits they fit: 450 bytes once, 29 bursts.
    assert read(layer, changes, [dense(WHOLE, TOP), dense(WHOLE, Plane(2, 3))]) == (29 + 150) * 16


def test_weights_as_slots_that_no_window_holds() -> None:
    # Channels are slots: 8 of 300 weights. In one window of 8 * 300 * 8 bits, more than 4096, each
    # pass fetches its plane of its slots: all 8 at 4 bits, 1200 bytes, 75 bursts; 3 active channels
    # at 4 bits, 450, 29; all 8 at 2 bits, 600, 38. The input is 2 * 300 bytes, 38.
    layer = linear(2, 8, 300)
    changes = {"array.lanes": "positions", "memory.weight_sram.kib": 1}
    passes = [dense(TOP, TOP), gated(LOW, LOW), dense(LOW, Plane(3, 2))]
    mask = [[[1, 0]] * 3 + [[0, 0]] * 5]
    assert read(layer, changes, passes, mask) == (75 + 29 + 38 + 38) * 16
    # Windows of 4 channels, at 3 stored bits 3600, are fetched once: twice 450 bytes.
    passes = [dense(WHOLE, Plane(5, 2)), dense(WHOLE, Plane(4, 2))]
    assert read(layer, changes | {"lsb.window": 4}, passes) == (2 * 29 + 38) * 16


def test_recurrent_weights_stay_at_stored_bits() -> None:
    # 2 channels of 300 weights: at 7 bits 4200 bits exceed 4096, at 6 they are 450 bytes, 29
    # bursts, once for both time steps. A step's input is 300 activations of 8 bits, 19 bursts.
    layer = linear(0, 2, 300, op="recurrent", time_steps=2)
    changes = {"memory.weight_sram.kib": 1}
    kept = [dense(WHOLE, TOP), dense(WHOLE, Plane(2, 4))]
    assert read(layer, changes, kept) == (29 + 2 * 19) * 16
    # Planes of 4 and 4 bits that share one, 300 bytes each, 19 bursts, in either step.
    again = [dense(WHOLE, TOP), dense(WHOLE, Plane(1, 4))]
    assert read(layer, changes, again) == (2 * (19 + 19) + 2 * 19) * 16


# M24: on demand, in bursts of 8 bytes. 4 positions of 8 activations; 8 * 2 weights are 2 bursts.

ON_DEMAND = {"memory.lsb_fetch": "on_demand", "memory.dram.burst_bytes": 8}
NOTHING, FIRST, ALL = ([[plane, [0] * 4]] for plane in ([0] * 4, [1, 0, 0, 0], [1] * 4))


def bursts(passes: list[Pass], mask: Any) -> int:
    bytes_read = read(linear(4, 2, 8), ON_DEMAND, passes, mask)
    return bytes_read // 8


def test_bits_of_gated_passes_alone_come_on_demand() -> None:
    # Recomputation at 8 bits: the top 4 are there, 16 bytes; the low 4 of a pixel are 4 bytes, two
    # pixels a burst.
    passes = [D, gated(WHOLE)]
    assert bursts(passes, NOTHING) == 2 + 2
    assert bursts(passes, FIRST) == 2 + 2 + 1
    assert bursts(passes, ALL) == 2 + 2 + 2
    # Two gated passes over the same bits, and over two halves of them, fetch them once.
    assert bursts([D, G, gated(LOW)], ALL) == 2 + 2 + 2
    assert bursts([D, gated(Plane(2, 2)), gated(Plane(0, 2))], ALL) == 2 + 2 + 2


def test_bits_of_any_dense_pass_are_fetched_ahead() -> None:
    # A dense pass behind the gate uses bits 3 and 2: 6 bits ahead, 24 bytes; bits 1 and 0 of a
    # pixel are 2 bytes, four pixels a burst.
    passes = [D, G, dense(Plane(2, 2))]
    assert bursts(passes, NOTHING) == 3 + 2
    assert bursts(passes, FIRST) == bursts(passes, ALL) == 3 + 2 + 1
    # Dense passes use all: 32 bytes, whatever the mask.
    for mask in (NOTHING, FIRST, ALL):
        assert bursts([D, dense(LOW), G], mask) == 4 + 2


def test_lane_activations_fetched_again_on_demand() -> None:
    # is: 2 positions of 600 activations exceed 4096 bits; a plane of 4 bits is 600 bytes, 38 bursts
    # of 16. The low planes lie one behind the other, 2400 bits each: position 0 is in bursts of 128
    # bits 0 to 18. Weights, 8 * 600 bytes, are resident: 300 bursts.
    layer, mask = linear(2, 8, 600), [[[1, 0]] + [[0, 0]] * 7]
    changes = {
        "array.dataflow": "is",
        "memory.activation_sram.kib": 1,
        "memory.lsb_fetch": "on_demand",
    }
    assert read(layer, changes, [D, G], mask) == (300 + 38 + 19) * 16
    # Recomputation needs the top bits, which were fetched ahead, again.
    assert read(layer, changes, [D, gated(WHOLE)], mask) == (300 + 38 + 38 + 19) * 16
    # Two such passes share the bursts; a dense one over the top bits fetches them too.
    passes = [D, gated(WHOLE), dense(TOP), gated(WHOLE)]
    assert read(layer, changes, passes, mask) == (300 + 4 * 38 + 19) * 16
    # None of it without a 1 but the dense passes' plane.
    assert read(layer, changes, passes, [[[0, 0]] * 8]) == (300 + 2 * 38) * 16


# M25: turns. os on 2 x 2 PEs, windows of 2 of 4 positions, D = 5: a pass takes 5 cycles, the skew
# is 2. Weights are 10 bytes, a tile's input 10, its outputs 4: a burst of 16 each.


def total_cycles(passes: list[Pass], bytes_per_cycle: int = 1) -> tuple[int, int]:
    changes = {"array.rows": 2, "lsb.window": 2, "memory.dram.bytes_per_cycle": bytes_per_cycle}
    counts = simulate(linear(4, 2, 5), changes, passes, mask=[[[1, 0, 1, 0]] * 2])
    return counts["cycles"], counts["cycles"] - counts["dram_stall_cycles"]


def test_turns_hold_leading_and_trailing_passes() -> None:
    # D1 0-10 | D2 10-20, G1 20-25 | G2 25-30, sums out at 32. Tile 2 is fetched in turn 1, tile 1
    # written in turn 3: 32 + max(10, 16) + max(15, 0) + max(7, 16) + 16.
    assert total_cycles([D, D, G]) == (95, 32)
    # Twice as fast: 16 + max(10, 8) + max(15, 0) + max(7, 8) + 8.
    assert total_cycles([D, D, G], 2) == (57, 32)
    # D1 0-5 | D2 5-10, G1 and D1 10-20 | G2 and D2 20-30, out at 32:
    # 32 + max(5, 16) + max(15, 0) + max(12, 16) + 16.
    assert total_cycles([D, G, D]) == (95, 32)
    # Without a gate a turn is a tile, of 15 and 17 cycles: 32 + max(15, 16) + max(17, 16) + 16.
    assert total_cycles([D, D, D]) == (81, 32)
