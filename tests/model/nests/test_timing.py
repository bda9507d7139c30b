"""Which blocks keep the operands of their lanes in the array, and when blocks run (M18, M40)."""

from __future__ import annotations

import pytest
from designs import conv, linear
from nest_jobs import nested

from pgsim.model.layer import simulate_layer
from pgsim.model.nests import Blocks, blocks_of_nest
from pgsim.model.nests.timing import stay_stretch
from pgsim.model.work_store import WorkStore

WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}


def stretch_of(blocks: Blocks) -> int:
    lane_groups, _ = blocks.tiles.lane_groups.shape
    return stay_stretch(blocks.nest, lane_groups, blocks.chunks[0].job)


@pytest.mark.parametrize(
    ("order", "blocks", "changes", "stretch"),
    [
        ("KPNQC", (1, 2, 1, 2, 3), WS, 4),  # two channels for all four blocks of rows
        ("PKNQC", (1, 2, 1, 2, 3), WS, 1),  # channels take turns
        ("KPNQC", (1, 2, 1, 4, 3), WS, 0),  # two lane groups
        ("KPNQC", (1, 2, 1, 2, 2), WS, 0),  # two blocks of input channels
        ("KPNQC", (1, 2, 1, 2, 3), None, 0),  # `os` holds no operand
        ("PKNQC", (1, 2, 1, 2, 3), IS, 2),  # two positions for both blocks of channels
        ("KPNQC", (1, 2, 1, 2, 3), IS, 1),
        ("KPNQC", (1, 8, 1, 2, 3), IS, 0),  # four lane groups
    ],
)
def test_how_many_blocks_share_their_lanes(order, blocks, changes, stretch):
    found = blocks_of_nest(nested(linear(8, 3, 4), order, blocks, changes))
    assert stretch_of(found) == stretch


def test_positions_that_reach_the_same_input_are_other_lanes():
    # Two output rows of one input row, the one under the lower tap, the other under the upper.
    layer = conv(1, 2, in_size=1, kernel=1).replace(kernel=(2, 1), padding=(1, 0))
    found = blocks_of_nest(nested(layer, "NPQKC", (1, 1, 1, 1, 1), IS))
    assert layer.run_out_size == (2, 1)
    assert stretch_of(found) == 2


def cycles(order, blocks, changes, scheme="full", layer=None):
    job = nested(layer or linear(8, 8, 2), order, blocks, changes, scheme)
    return simulate_layer(job, 0, 1, WorkStore(0)).total()


def test_the_next_block_is_fetched_and_the_last_one_written_while_one_computes():
    # Two blocks of 4 rows, a fold of 8 cycles each, a skew of 4. 16 bytes of weights, 16 of input
    # each, 4 of output, in bursts of 4 bytes at 2 bytes a cycle.
    dram = {"memory.dram.bytes_per_cycle": 2, "memory.dram.burst_bytes": 4}
    found = cycles("NPQKC", (1, 4, 1, 2, 8), dram)
    assert found["cycles"] == 16 + max(8, 8) + max(8 + 4, 2) + 2
    assert found["dram_stall_cycles"] == 16 + 2
    one_buffer = cycles("NPQKC", (1, 4, 1, 2, 8), dram | {"memory.double_buffered": False})
    assert one_buffer["cycles"] == (16 + 12 + 2) + (8 + 12 + 2)


def test_input_blocks_without_a_gate_are_turns_of_their_own():
    # Four turns of 4 cycles: rows within input blocks. Each fetches 8 bytes of input and of
    # weights, the latter for both blocks of rows; 32 bytes of sums fit, and stay.
    dram = {"memory.dram.bytes_per_cycle": 2, "memory.dram.burst_bytes": 4}
    found = cycles("CNPQK", (1, 4, 1, 2, 4), dram)
    assert found["msb_cycles"] == 16
    assert found["cycles"] == 8 + max(4, 4) + max(4, 8) + max(4, 4) + max(4 + 4, 2) + 2
