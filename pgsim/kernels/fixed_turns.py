"""How long the tiles of the fixed order take at least, if each waits for DRAM (MODEL.md M25, M41).

While a tile is computed, what the next one needs comes, and what the one before left goes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel


class Windows(NamedTuple):
    """Whole windows of some sizes, and a smaller last one of each, int64 (2, sizes).

    often: how many there are. work: cycles that the array works on a tile. read: bursts of the
    operands of the slots.
    """

    often: np.ndarray
    work: np.ndarray
    read: np.ndarray


class LaneGroups(NamedTuple):
    """The lane groups of one group of channels.

    read: bursts of the operands of the lanes, int64 (lane groups,). once: whether they come for the
    first window alone, bool (lane groups,). written: bursts of a tile's outputs, int64 (2, lane
    groups, sizes), by whole windows and last ones. resident: whether the operands of the slots come
    for the first lane group alone.
    """

    read: np.ndarray
    once: np.ndarray
    written: np.ndarray
    resident: bool


class Run(NamedTuple):
    """A run: its groups, the skew of the array, and the cycles of a burst at least."""

    groups: int
    skew_cycles: int
    burst_numerator: int
    burst_denominator: int


@kernel
def cycles_of_turns(windows, lanes, run):
    """Return the cycles of a run in windows of some sizes, int64 (sizes,).

    Of many groups all but the first and the last are alike. Source: MODEL.md M25.
    """
    cycles = np.empty(windows.often.shape[1], np.int64)
    for size in range(cycles.size):
        opening = lanes.read[0] + windows.read[0, size]
        closing = lanes.written[int(windows.often[1, size] > 0), -1, size]
        ends = _moves(run, opening) + _moves(run, closing)
        if run.groups == 1:
            cycles[size] = ends + _of_group(windows, lanes, run, size, (0, 0), run.skew_cycles)
            continue
        between = _of_group(windows, lanes, run, size, (closing, opening), 0)
        ends += _of_group(windows, lanes, run, size, (0, opening), 0)
        ends += _of_group(windows, lanes, run, size, (closing, 0), run.skew_cycles)
        cycles[size] = ends + (run.groups - 2) * between
    return cycles


@kernel(inner=True)
def _of_group(windows, lanes, run, size, beside, skew_cycles):
    """Return the cycles of the tiles of a group.

    beside: bursts that the tile before it writes, and that the one after it reads. skew_cycles:
    behind its last tile.
    """
    cycles, (before, after) = np.int64(0), beside
    whole, last = windows.often[0, size], windows.often[0, size] + windows.often[1, size] - 1
    for group in range(lanes.read.size):
        window = np.int64(0)
        while window <= last:
            kind, times, read = int(window >= whole), np.int64(1), np.int64(0)
            work = windows.work[kind, size]
            if window < last:
                read += 0 if lanes.once[group] else lanes.read[group]
                if group == 0 or not lanes.resident:
                    read += windows.read[int(window + 1 >= whole), size]
                if 0 < window < whole - 1:  # whole ones between whole ones are alike
                    times = whole - 1 - window
            elif group + 1 < lanes.read.size:
                read += lanes.read[group + 1] + (0 if lanes.resident else windows.read[0, size])
            else:
                read += after
                work += skew_cycles
            cycles += times * max(work, _moves(run, read + before))
            before = lanes.written[kind, group, size]
            window += times
    return cycles


@kernel(inner=True)
def _moves(run, bursts):
    """Return the cycles that bursts take at least, rounded up."""
    return -(-bursts * run.burst_numerator // run.burst_denominator)
