"""Bursts across the DRAM interface, by the tile and by hand (M23)."""

from __future__ import annotations

import numpy as np
from designs import drawn, linear, recurrent
from jobs import job_of, mask_work
from layer_rows import Row

from pgsim.model.passes import time_passes
from pgsim.model.traffic import Tiles
from pgsim.model.traffic.dram import DRAM_TRAFFIC

# 6 positions of 3 activations of 4 bits, 3 channels of 8-bit weights; bursts of 16 bytes.
LAYER, MASK = linear(6, 32, 3), drawn("x.x... .xx.x. ......")


def bursts(
    changes: Row, scheme: str, layer: object = LAYER, mask: object = MASK
) -> dict[str, list]:
    """Of every run, group, lane group and window."""
    job = job_of(layer, mask, {"lsb.window": 4} | changes, scheme)
    work = mask_work(job) if job.gated else None
    batches = len(mask) // job.batch
    found = DRAM_TRAFFIC.counted(Tiles(job, time_passes(job, work), work, batches))
    shape = job.tiling.tiles(batches)
    return {name: np.broadcast_to(each, shape).tolist() for name, each in found.items()}


def test_each_tile_fetches_its_share() -> None:
    # Input: 4 and 2 positions of 32 activations of 4 bits, 4 bursts and 2, for the first lane
    # group; weights 2 * 32 and 32 bytes with the first window; outputs 8, 4, 4 and 2 of 4 bits.
    assert bursts({}, "dual_dense") == {
        "dram_weight_read_bursts": [[[[4, 0], [2, 0]]]],
        "dram_activation_read_bursts": [[[[4, 2], [0, 0]]]],
        "dram_read_bursts": [[[[8, 2], [2, 0]]]],
        "dram_sum_read_bursts": [[[[0, 0], [0, 0]]]],
        "dram_write_bursts": [[[[1, 1], [1, 1]]]],
        "dram_demand_read_bursts": [[[[0, 0], [0, 0]]]],
        "dram_demand_read_row_misses": [[[[0, 0], [0, 0]]]],
        "dram_read_row_misses": [[[[0, 0], [0, 0]]]],
        "dram_write_row_misses": [[[[0, 0], [0, 0]]]],
    }


def test_each_stream_of_a_tile_opens_its_pages() -> None:
    # Pages of 32 bytes, two bursts: of both operands 2 + 2, 1, 1 pages, and one for each write.
    pages = {"memory.dram.model": "pages", "memory.dram.page_bytes": 32}
    found = bursts(pages, "dual_dense")
    assert found["dram_read_row_misses"] == [[[[2 + 2, 1], [1, 0]]]]
    assert found["dram_write_row_misses"] == [[[[1, 1], [1, 1]]]]


def test_on_demand_half_of_it_waits_for_the_gate() -> None:
    # MSBs ahead, 2 bursts and 1. LSBs: a position's 32 * 2 bits are half a burst; positions 0, 1
    # and 2 are active in window 1, 2 bursts, and 4 in window 2, one.
    found = bursts({"memory.lsb_fetch": "on_demand"}, "pg")
    assert found["dram_activation_read_bursts"] == [[[[2 + 2, 1 + 1], [0, 0]]]]
    assert found["dram_demand_read_bursts"] == [[[[2, 1], [0, 0]]]]


def test_weights_come_in_the_first_step_of_every_batch() -> None:
    # 3 steps of 2 batches of 2 sequences; 32 * 2 and 32 bytes of weights in steps 0, and 2 * 32
    # activations of 4 bits in every step.
    layer = recurrent(3, 32, 3)
    mask = np.ones((4, 3, 3), bool)
    for scheme in ("pg", "dual_dense"):
        found = bursts({"batch": 2}, scheme, layer, mask)
        fetched, kept = [[[4], [2]]], [[[0], [0]]]
        assert found["dram_weight_read_bursts"] == [fetched, kept, kept] * 2
        assert found["dram_activation_read_bursts"] == [[[[2], [0]]]] * 6
