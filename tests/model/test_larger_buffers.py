"""A larger buffer of activations or weights costs no byte of DRAM and no cycle (M23, M25)."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from designs import conv, design, linear, recurrent, trace_of

from pgsim import simulate
from pgsim.workload import LayerShape


def drawn(rng: Random) -> tuple[LayerShape, np.ndarray, dict[str, Any]]:
    """A layer whose masks are empty now and then, and a design whose buffers hold a part of what
    two lanes take, and when doubled perhaps all of it."""
    layer = rng.choice(
        (
            linear(rng.randint(1, 12), rng.randint(4, 60), rng.randint(1, 12)),
            recurrent(rng.randint(1, 3), rng.randint(4, 60), rng.randint(1, 12)),
            conv(rng.randint(1, 9), rng.randint(1, 7), rng.randint(3, 6), 3),
        )
    )
    size = (2, layer.mask_channels, layer.mask_positions)
    mask = np.random.default_rng(rng.randrange(99)).random(size) < rng.choice((0, 0.02, 0.5))
    dataflow, lanes = rng.choice(
        (("is", "channels"), ("os", "positions"), ("os", "channels"), ("ws", "channels"))
    )
    changes = {
        "array.dataflow": dataflow,
        "array.lanes": lanes,
        "lsb.window": rng.choice(("auto", 4, 8)),
        "lsb.scheduler": rng.choice(("skip", "combine", "queue")),
        "memory.lsb_fetch": rng.choice(("with_msb", "on_demand")),
        "memory.double_buffered": rng.random() < 0.5,
        "memory.dram.bytes_per_cycle": rng.choice((1, 3, 16)),
        "memory.dram.burst_bytes": rng.choice((1, 8, 32)),
        "batch": rng.choice((1, 2)),
    }
    for buffer, bits in (("activation", 4), ("weight", 8)):
        lane_pair = 2 * layer.reduction * bits / 8192
        changes |= {
            f"memory.{buffer}_sram.kib": max(2**-9, lane_pair * rng.choice((0.6, 0.9, 1.5, 4))),
            f"memory.{buffer}_sram.banks": 1,
            f"memory.{buffer}_sram.port_bits": 8,
        }
    return layer, mask, changes


@pytest.mark.parametrize("seed", range(150))
def test_a_doubled_buffer_makes_nothing_worse(seed: int) -> None:
    rng = Random(seed)
    layer, mask, changes = drawn(rng)
    scheme = rng.choice(("pg", "pg", "pg", "dual_dense", "planes:1,3", "planes:2,2/4,4"))
    trace, arch = trace_of(layer, mask), design(changes)
    (before,) = simulate(trace, arch, scheme).rows
    for buffer in ("activation", "weight"):
        key = f"memory.{buffer}_sram.kib"
        (after,) = simulate(trace, arch.override({key: 2 * changes[key]}), scheme).rows
        for column in (
            "dram_activation_read_bytes",
            "dram_weight_read_bytes",
            "dram_read_bytes",
            "cycles",
            "output_sram_write_bytes",
        ):
            assert after[column] <= before[column], (buffer, column)
