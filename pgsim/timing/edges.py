"""Bubbles: cycles in which the array waits for its own pipeline (MODEL.md M16 to M20)."""

from __future__ import annotations

import math

import numpy as np

from pgsim.arch import Array
from pgsim.kernels.timeline import Order, timeline
from pgsim.mapping import Counts
from pgsim.timing.cycles import PassTiming


def operands_stay(array: Array, passes: tuple[PassTiming, ...]) -> bool:
    """Say whether the array keeps its operands over all tiles of a lane group (M18)."""
    if array.dataflow == "os" or (array.dataflow == "is" and len(passes) > 1):
        return False
    same_macs = len({each.macs_per_pe for each in passes}) == 1
    return same_macs and all(each.reduction_folds == 1 for each in passes)


def bubble_cycles(
    array: Array,
    tiles: tuple[int, int, int, int],
    passes: tuple[PassTiming, ...],
    double_buffered: bool,
) -> Counts:
    """Return the bubbles of every tile, int64 of shape `tiles` (`Tiling.tiles`).

    Source: MODEL.md M16 (`overlap: none`), M17 to M19 (`overlap: folds`).
    """
    skew = array.rows + array.columns - 2
    if array.overlap == "none":
        edge = skew + (array.rows if array.dataflow in ("ws", "is") else 0)
        return np.broadcast_to(sum(each.folds * edge for each in passes), tiles)
    stay = operands_stay(array, passes)
    segment_tiles = tiles[3] if stay else math.prod(tiles[1:])
    waits = [_fold_waits(array, each, stay) for each in passes]
    holds = [
        _of_runs(each.steady_cycles + each.port_stall_cycles + wait, tiles)
        for each, wait in zip(passes, waits, strict=True)
    ]
    second = holds[1] if len(holds) > 1 else np.zeros_like(holds[0])
    steady = _of_runs(sum(each.steady_cycles for each in passes), tiles)
    residency = _residency_waits(array, steady, segment_tiles, stay)
    order = Order(skew, segment_tiles, passes[-1].gated, double_buffered)
    bubbles: Counts = timeline(holds[0], second, residency, order).reshape(tiles)
    return bubbles + sum(waits)


def _of_runs(counts: Counts | int, tiles: tuple[int, int, int, int]) -> Counts:
    """Return counts of all tiles as the timeline takes them, int64 (runs, tiles of a run)."""
    every = np.zeros(tiles, np.int64)  # an array of its own: a view would compile a second kernel
    every += counts
    return every.reshape(tiles[0], -1)


def _fold_waits(array: Array, timing: PassTiming, stay: bool) -> Counts:
    """Return how long a pass's folds wait for the drain, or for their operands' load (M17)."""
    if array.dataflow == "bitfusion" or stay:
        return np.zeros_like(timing.folds)
    return timing.folds * np.maximum(0, array.rows - timing.fold_steady_cycles)


def _residency_waits(array: Array, steady: Counts, segment_tiles: int, stay: bool) -> Counts:
    """Return how long each segment whose operands stay waits for the next one's load (M17)."""
    segments = steady.reshape(len(steady), -1, segment_tiles).sum(axis=2)
    if array.dataflow == "bitfusion" or not stay:
        return np.zeros_like(segments)
    waits: Counts = array.rows - segments
    return waits.clip(min=0)
