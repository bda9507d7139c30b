"""Stalls for DRAM: how long tiles wait for their operands (MODEL.md M25)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import Memory
from pgsim.mapping import Counts


def dram_stall_cycles(
    memory: Memory, tiles: tuple[int, int, int, int], counts: Mapping[str, Counts]
) -> Counts:
    """Return the stalls of every tile, int64 of shape `tiles` (`Tiling.tiles`).

    counts: cycles and bursts of every tile under the names of `simulate_block`.
    Source: MODEL.md M25.
    """

    def of_runs(*names: str) -> Counts:
        total = np.zeros(tiles, np.int64)
        for name in names:
            total += counts[name]
        return total.reshape(tiles[0], -1)

    compute = of_runs("msb_cycles", "lsb_cycles", "bubble_cycles", "port_stall_cycles")
    read = of_runs("dram_activation_read_bursts", "dram_weight_read_bursts")
    written = of_runs("dram_write_bursts")
    if not memory.double_buffered:
        exposed = _transfer_cycles(memory, read) + _transfer_cycles(memory, written)
        return exposed.reshape(tiles)
    beside = np.zeros_like(compute)  # what is moved while a tile computes
    beside[:, :-1] += read[:, 1:]
    beside[:, 1:] += written[:, :-1]
    stalls: Counts = np.maximum(0, _transfer_cycles(memory, beside) - compute)
    stalls[:, 0] += _transfer_cycles(memory, read[:, 0])
    stalls[:, -1] += _transfer_cycles(memory, written[:, -1])
    return stalls.reshape(tiles)


def _transfer_cycles(memory: Memory, bursts: Counts) -> Counts:
    """Return the cycles that whole bursts take at the DRAM's bytes per cycle."""
    transferred = bursts * memory.dram.burst_bytes
    return np.ceil(transferred / memory.dram.bytes_per_cycle).astype(np.int64)
