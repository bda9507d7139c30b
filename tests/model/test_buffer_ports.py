"""Waits for the lanes' and the outputs' ports: what they move is M22's, and by hand (M43)."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from cases import random_case
from designs import filled, linear, random_mask
from jobs import job_of, mask_work
from layer_rows import row_of

from pgsim.model.buffer_ports import output_port_bits, wait_for_buffers
from pgsim.model.passes import time_passes
from pgsim.model.traffic import TRAFFIC, Tiles

ALL = {"memory.ports": "all"}


@pytest.mark.parametrize("seed", range(40))
def test_the_outputs_port_moves_what_is_read_and_written(seed: int) -> None:
    rng = Random(seed)
    layer = linear(rng.randint(1, 40), rng.choice((3, 8, 40)), rng.choice((2, 5)))
    changes: dict[str, Any] = {
        "array.dataflow": rng.choice(("os", "ws", "is")),
        "lsb.scheduler": rng.choice(("skip", "combine", "queue")),
        "memory.weight_sram.kib": rng.choice((0.0625, 64)),
        "memory.weight_sram.port_bits": 8,
        "memory.weight_sram.banks": 1,
        "memory.output_sram.port_bits": 8,
        "memory.output_sram.banks": 1,
    }
    job = job_of(layer, random_mask(layer, 1, seed), changes, rng.choice(("pg", "dual_dense")))
    mask = mask_work(job) if job.gated else None
    timings = time_passes(job, mask)
    tiles = Tiles(job, timings, mask, 1)
    traffic = {name: each for rule in TRAFFIC for name, each in rule.of(tiles).items()}
    moved = sum(output_port_bits(job, timings))
    words = traffic["output_sram_read_words"] + traffic["output_sram_write_words"]
    # M22 rounds the reads and the writes of a tile, which are as many bits, to words of 8.
    assert np.array_equal(np.broadcast_to(-(-moved // 16) * 2, words.shape), words)


def test_nothing_changes_where_only_the_slots_ports_are_limited() -> None:
    job = job_of(linear(8, 8, 2), None, {"memory.weight_sram.banks": 1})
    timings = time_passes(job, None)
    assert wait_for_buffers(job, timings) is timings


@pytest.mark.parametrize(
    ("changes", "scheme", "stall"),
    [
        # 4 positions, 8 elements, 2 lanes of 8 bits: 128 bits through 8 a cycle, in 8 steps.
        ({"memory.weight_sram.banks": 1}, "full", 16 - 8),
        # The four rows of the first fold load in 4 cycles and need 64 bits, 8 cycles; those of
        # the second by cycle 8, with 128 bits.
        ({"memory.weight_sram.banks": 1, "array.dataflow": "ws"}, "full", 16 - 8),
        # Folds alone begin 4 + 4 + 2 + 2 cycles apart: the first four rows are the latest.
        (
            {"memory.weight_sram.banks": 1, "array.dataflow": "ws", "array.overlap": "none"},
            "full",
            8 - 4,
        ),
        # Sums of 2 folds: 32 * 8 * 2 bits written, half of them read again, and 32 * 8 at last:
        # 1024 bits, 32 a cycle, in 8 cycles.
        ({"memory.output_sram.banks": 4, "array.dataflow": "ws"}, "full", 32 - 8),
        # 8 mask bits in and out and the sums, written and read again: 256 + 16 + 256 + 256 + 256,
        # of which the MSB pass moves the first 272: 9 cycles of 32 bits; the LSB pass the others.
        ({"memory.output_sram.banks": 4, "lsb.scheduler": "combine"}, "pg", 1 + 24 - 8),
    ],
)
def test_waits_by_hand(changes: dict[str, Any], scheme: str, stall: int) -> None:
    layer = linear(4, 8, 2)
    narrow = {"memory.weight_sram.port_bits": 8, "memory.output_sram.port_bits": 8}
    row = row_of(layer, filled(layer, True), ALL | narrow | changes, scheme)
    assert row["port_stall_cycles"] == stall


def test_the_random_cases_of_the_reference_have_either_kind_of_ports() -> None:
    found = {random_case(seed).arch["memory"]["ports"] for seed in range(20)}
    assert found == {"slots", "all"}
