"""The reference's traffic and DRAM stalls, worked by hand (M22 to M25)."""

from __future__ import annotations

from hand_worked import arch, linear, simulate
from reference import (
    output_bits_of,
)


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
