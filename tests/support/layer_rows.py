"""Rows of results of one layer on the design of `designs`, and what hand-worked cases say of them.

The array's skew is R + C - 2 = 4 cycles, and each run waits 2 cycles for DRAM: 1 for its first
operands, 1 until its last outputs have left. In comments MSB 1 0-12 reads: the MSB pass of tile 1
in cycles 0 to 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from designs import design, trace_of

from pgsim import LayerShape, simulate
from pgsim.schemes import Scheme

Row = dict[str, Any]


def row_of(
    layer: LayerShape, mask: np.ndarray, changes: Row | None = None, scheme: str | Scheme = "pg"
) -> Row:
    return simulate(trace_of(layer, mask), design(changes), scheme).layers.iloc[0].to_dict()


def cycles(row: Row) -> tuple[int, ...]:
    """MSB, LSB, bubble and DRAM stall cycles, after checking that no port stalls."""
    assert row["port_stall_cycles"] == 0
    parts = [row[f"{part}_cycles"] for part in ("msb", "lsb", "bubble", "dram_stall")]
    assert row["cycles"] == sum(parts)
    return tuple(parts)


def slots(row: Row) -> tuple[int, ...]:
    """LSB slots: dense, issued, ideal, of the fullest lane."""
    return tuple(row[f"lsb_slots_{kind}"] for kind in ("dense", "issued", "ideal", "fullest_lane"))
