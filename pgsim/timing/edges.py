"""When the array waits for its own pipeline: the cycles of every turn (MODEL.md M16 to M20)."""

from __future__ import annotations

import math

import numpy as np

from pgsim.arch import ArchConfig, Array
from pgsim.kernels.timeline import Order, timeline
from pgsim.mapping import Counts
from pgsim.timing.cycles import PassTiming
from pgsim.timing.folds import bus_cycles, edge_cycles, skew_cycles

Tiles = tuple[int, int, int, int]  # the shape of an array of all tiles: `Tiling.tiles`


def operands_stay(array: Array, passes: tuple[PassTiming, ...]) -> bool:
    """Say whether the array keeps its operands over all tiles of a lane group (M18)."""
    if array.dataflow == "os" or (array.dataflow == "is" and len(passes) > 1):
        return False
    same_macs = len({each.macs_per_pe for each in passes}) == 1
    return same_macs and all(each.reduction_folds == 1 for each in passes)


def turn_cycles(arch: ArchConfig, tiles: Tiles, passes: tuple[PassTiming, ...]) -> Counts:
    """Return the array's own cycles in every turn, int64 (runs, turns).

    There are as many turns as tiles, or one more where MSB(i + 1) precedes LSB(i) (M25).
    Source: MODEL.md M16 (`overlap: none`), M17 to M19 (`overlap: folds`).
    """
    array, gated = arch.array, passes[-1].gated
    latency = arch.lsb.gate_latency_cycles
    if array.overlap == "none":
        folds = [each.steady_cycles + each.folds * edge_cycles(array) for each in passes]
        return of_runs(sum(folds) + latency * gated, tiles)
    stay = operands_stay(array, passes)
    order = Order(
        bus_cycles=bus_cycles(array),
        drains=array.dataflow == "os",
        operands_stay=stay,
        segment_tiles=tiles[3] if stay else math.prod(tiles[1:]),
        skew_cycles=skew_cycles(array),
        gate_latency_cycles=latency,
        gated=gated,
        double_buffered=arch.memory.double_buffered,
    )
    pass_cycles = np.stack([of_runs(each.pass_cycles, tiles) for each in passes])
    fold_cycles = np.stack([of_runs(each.fold_cycles, tiles) for each in passes])
    turns: Counts = timeline(pass_cycles, fold_cycles, order)
    return turns


def bubble_cycles(turns: Counts, tiles: Tiles, passes: tuple[PassTiming, ...]) -> Counts:
    """Return the bubbles of every run, int64 (runs,), from the cycles of its turns (M20)."""
    steady = of_runs(sum(each.steady_cycles for each in passes), tiles)
    bubbles: Counts = turns.sum(axis=1) - steady.sum(axis=1)
    return bubbles


def of_runs(counts: Counts | int, tiles: Tiles) -> Counts:
    """Return counts of all tiles run by run, int64 (runs, tiles of a run)."""
    return np.broadcast_to(counts, tiles).reshape(tiles[0], -1)
