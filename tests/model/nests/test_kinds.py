"""Nests of so many blocks that those alike are one kind, by hand (MODEL.md M40)."""

from __future__ import annotations

from typing import Any

import numpy as np
from designs import linear, random_mask
from nest_jobs import nested

from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layer
from pgsim.model.nests import NestRun, blocks_of_nest, run_nest
from pgsim.model.pe_work import pe_macs
from pgsim.model.work_store import WorkStore

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
WS = {"array.dataflow": "ws"}
BYTES = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
BYTES |= {"memory.dram.burst_bytes": 1}


def run_of(job: Job) -> NestRun:
    return run_nest(job, Block(0, job.batch, 1, 0), WorkStore(0))


def test_blocks_wait_for_their_transfers() -> None:
    """MODEL.md's example of two blocks of 4 rows with 300: a fold of 8 cycles each, a skew of 4.

    Two bursts of weights and two of input come before the first, of two cycles each; two of input
    beside each but the last. Outputs of a block leave beside the next one, and the last's after it.
    """
    dram = {"memory.dram.bytes_per_cycle": 4, "memory.dram.burst_bytes": 8}
    run = run_of(nested(linear(1200, 8, 2, **UNGATED), "NPQKC", (1, 4, 1, 2, 8), dram))
    moved = {name: own.tolist() for name, own in run.transfers._asdict().items()}
    assert moved == {
        "before": [[8] + [0] * 299],
        "beside": [[4] + [4 + 2] * 298 + [2]],
        "after": [[0] * 299 + [2]],
        "demand": [[0] * 300],
    }
    assert run.work.pass_cycles.tolist() == [[[8] * 300]]
    assert run.batches.tiles == (1, 1, 1, 3)
    assert run.events.turn_begins.tolist() == [[8 + 8 * block for block in range(300)]]
    assert run.events.ends.tolist() == [8 + 300 * 8 + 4 + 2]


def test_sums_of_many_blocks_leave_between_their_input_blocks() -> None:
    """By hand: 300 blocks of two rows, four times, of 4 sums each of two inputs at a time.

    The buffer holds no more than the sums of a block, 16 bytes, which leave after each visit, and
    come back for the next one; at the end they are 2 bytes of outputs.
    """
    changes = BYTES | {"memory.output_sram.kib": 2 * 8 * 32 / 8192, "memory.output_sram.banks": 1}
    job = nested(linear(600, 8, 2, **UNGATED), "CPNQK", (1, 2, 1, 2, 2), changes)
    found = simulate_layer(job, 0, 1, WorkStore(0)).total()
    assert found["outputs"] == 300 * 4
    assert found["msb_cycles"] == 300 * 4 * 2
    assert found["dram_sum_read_bursts"] == 300 * 3 * 16
    assert found["dram_write_bursts"] == 300 * (3 * 16 + 2)
    # Two rows of two inputs of 4 bits are 2 bytes, two inputs by two channels of 8 bits 4.
    assert found["dram_activation_read_bursts"] == 300 * 4 * 2
    assert found["dram_weight_read_bursts"] == 4 * 4
    # Each visit writes all sums, and but for the first reads them; each reads them as they leave.
    assert found["output_sram_write_words"] == 300 * 4 * 16
    assert found["output_sram_read_words"] == 300 * (3 + 4) * 16


def test_lanes_stay_for_all_blocks_of_a_stretch() -> None:
    """By hand (M18): channels 2 and 1, each for 300 blocks of two rows, whose weights stay.

    Three rows by 2 lanes of 8 bits take 6 cycles of a byte and are wanted in 2, of one lane 3.
    """
    ports = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    job = nested(
        linear(600, 3, 3, **UNGATED), "KPNQC", (1, 2, 1, 2, 3), WS | {"memory.ports": "all"} | ports
    )
    run = run_of(job)
    assert (run.stretch, run.order.segment_tiles) == (300, 300)
    waits = run.work.port_stall_cycles.tolist()
    assert waits == [[[6 - 2] + [0] * 299 + [3 - 2] + [0] * 299]]
    found = simulate_layer(job, 0, 1, WorkStore(0)).total()
    assert found["port_stall_cycles"] == 4 + 1
    assert found["weight_sram_read_words"] == 6 + 3


def test_blocks_under_a_mask_are_told_apart() -> None:
    """Of 300 blocks each may issue something else."""
    layer = linear(300, 3, 1)
    job = nested(layer, "NPQKC", (1, 1, 1, 1, 3), None, "pg", random_mask(layer, 1))
    assert run_of(job).batches.tiles == (1, 1, 1, 300)


def test_pes_do_the_macs_of_every_block() -> None:
    """By hand: 601 rows by 3 inputs by 3 channels, in blocks of two rows and two channels."""
    job = nested(linear(601, 3, 3, **UNGATED), "KPNQC", (1, 2, 1, 2, 3))
    (macs,) = pe_macs(job, 0, 1)
    assert macs.sum() == 601 * 3 * 3
    outputs = blocks_of_nest(job).every_tile.outputs.ravel().tolist()
    assert outputs == [4] * 300 + [2] + [2] * 300 + [1]
    assert np.array_equal(macs[:, 0].sum(), macs[:, 1].sum() * 2)
