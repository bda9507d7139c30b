"""Stalls for DRAM: how long tiles wait for their operands (MODEL.md M25)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Memory
from pgsim.mapping import Counts


def dram_stall_cycles(
    memory: Memory, compute_cycles: Counts, read_bursts: Counts, write_bursts: Counts
) -> Counts:
    """Return the stalls of every run, int64 (runs,).

    compute_cycles, read_bursts, write_bursts: int64 (runs, groups, lane groups, windows).
    Source: MODEL.md M25.
    """
    runs = len(compute_cycles)
    compute, read, write = (
        each.reshape(runs, -1) for each in (compute_cycles, read_bursts, write_bursts)
    )
    if not memory.double_buffered:
        return (_transfer(memory, read) + _transfer(memory, write)).sum(axis=1)
    beside = np.zeros_like(compute)  # bursts moved while a tile computes
    beside[:, :-1] += read[:, 1:]
    beside[:, 1:] += write[:, :-1]
    exposed = np.maximum(0, _transfer(memory, beside) - compute).sum(axis=1)
    first, last = _transfer(memory, read[:, 0]), _transfer(memory, write[:, -1])
    return exposed + first + last


def _transfer(memory: Memory, bursts: Counts) -> Counts:
    """Return the cycles that whole bursts take at the DRAM's bytes per cycle."""
    transferred = bursts * memory.dram.burst_bytes
    return np.ceil(transferred / memory.dram.bytes_per_cycle).astype(np.int64)
