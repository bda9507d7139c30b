"""The edges of a fold, and how far apart folds begin (MODEL.md M16, M17)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Array
from pgsim.mapping import Counts


def skew_cycles(array: Array) -> int:
    """Return the cycles from a pass's last step until its last sum has left (M16, M19)."""
    return array.rows + array.columns - 2


def edge_cycles(array: Array) -> int:
    """Return the bubbles of a fold that runs alone, with `overlap: none` (M16)."""
    return skew_cycles(array) + (array.rows if array.dataflow in ("ws", "is") else 0)


def bus_cycles(array: Array) -> int:
    """Return how long one fold's operands or sums keep the bus of a column busy (M17)."""
    return 0 if array.dataflow == "bitfusion" else array.rows


def fold_spacing(array: Array, fold_cycles: Counts) -> Counts:
    """Return how far apart the folds of a pass begin, Z of M17, from their steady cycles S."""
    if array.overlap == "none":
        return fold_cycles + edge_cycles(array)
    spacing: Counts = np.maximum(fold_cycles, bus_cycles(array))
    return spacing
