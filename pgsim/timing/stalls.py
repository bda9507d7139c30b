"""Stalls for DRAM: how long the turns of a run wait for its transfers (MODEL.md M25)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import Memory
from pgsim.mapping import Counts
from pgsim.timing.cycles import PassTiming
from pgsim.timing.edges import Tiles, of_runs


def dram_stall_cycles(
    memory: Memory,
    tiles: Tiles,
    turns: Counts,
    passes: tuple[PassTiming, ...],
    bursts: Mapping[str, Counts],
) -> Counts:
    """Return the stalls of every run, int64 (runs,).

    turns: `edges.turn_cycles`. bursts: of every tile, as `dram_bursts` names them.
    Source: MODEL.md M25.
    """
    read = of_runs(bursts["dram_activation_read_bursts"] + bursts["dram_weight_read_bursts"], tiles)
    written = of_runs(bursts["dram_write_bursts"], tiles)
    if not memory.double_buffered:
        exposed = _transfer_cycles(memory, read) + _transfer_cycles(memory, written)
        total: Counts = exposed.sum(axis=1)
        return total
    tile_count = read.shape[1]
    behind = turns.shape[1] - tile_count  # turns from a tile's first pass to its second
    compute = turns.copy()
    for timing, begin in zip(passes, (0, behind), strict=False):  # one pass or two
        compute[:, begin : begin + tile_count] += of_runs(timing.port_stall_cycles, tiles)
    beside = np.zeros_like(turns)  # what is moved during each turn
    beside[:, : tile_count - 1] += read[:, 1:]
    beside[:, behind + 1 :] += written[:, :-1]
    waits = np.maximum(0, _transfer_cycles(memory, beside) - compute).sum(axis=1)
    first, last = _transfer_cycles(memory, read[:, 0]), _transfer_cycles(memory, written[:, -1])
    stalls: Counts = first + waits + last
    return stalls


def _transfer_cycles(memory: Memory, bursts: Counts) -> Counts:
    """Return the cycles that whole bursts take at the DRAM's bytes per cycle."""
    transferred = bursts * memory.dram.burst_bytes
    return np.ceil(transferred / memory.dram.bytes_per_cycle).astype(np.int64)
