"""When each pass of a run begins and ends in the array's own time (MODEL.md M17 to M19, M25)."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np


class Order(NamedTuple):
    """What decides when passes begin, alike for all runs of a layer.

    bus_cycles: how long the operands or sums of one fold keep the buses of the columns busy; 0
    where they never make a fold wait. drains: they carry sums away after a fold's last step; else
    they bring its operands from its first step on.
    operands_stay: only the first pass of a segment loads. segment_tiles: a segment is that many
    tiles, within which MSB(i + 1) may go before LSB(i).
    skew_cycles: from a pass's last step until its sums have left. gate_latency_cycles: from there
    until its mask is known.
    """

    bus_cycles: int
    drains: bool
    operands_stay: bool
    segment_tiles: int
    skew_cycles: int
    gate_latency_cycles: int
    gated: bool
    double_buffered: bool


@numba.njit(cache=True, nogil=True)
def timeline(pass_cycles, fold_cycles, order):
    """Return the cycles of the array in every turn of every run, as if memory never stalled it.

    pass_cycles: int64 (passes, runs, tiles), from the first step of a pass to the end of its last;
    0 for a pass that does not happen. fold_cycles: int64, the same shape, those of its last fold.
    Returns int64 (runs, turns): a turn is a tile; or there is one more turn than tiles, and turn j
    holds the MSB pass of tile j and the LSB pass of tile j - 1. Source: MODEL.md M17 to M19, M25.
    """
    passes, runs, tiles = pass_cycles.shape
    behind = int(order.gated and order.double_buffered)  # turns from a tile's MSB to its LSB pass
    turns = np.zeros((runs, tiles + behind), np.int64)
    gate_known = np.empty(tiles, np.int64)
    for run in range(runs):
        now = pass_end = bus_free = np.int64(0)
        for turn in range(tiles + behind):
            turn_begin = now
            begins_segment = turn % order.segment_tiles == 0
            lsb_first = behind and begins_segment
            for place in range(2):
                second = 1 - place if lsb_first else place  # 1 for the second pass of its tile
                tile = turn - behind * second
                if second == passes or not 0 <= tile < tiles:
                    continue
                if second and order.gated:
                    now = max(now, gate_known[tile])
                if pass_cycles[second, run, tile] == 0:
                    continue
                fold = fold_cycles[second, run, tile]
                bus_taken = fold if order.drains else 0  # so many cycles after a fold's first step
                takes_bus = not order.operands_stay or (not second and begins_segment)
                if takes_bus:
                    now = max(now, bus_free - bus_taken)
                now += pass_cycles[second, run, tile]
                pass_end = now
                if takes_bus:
                    bus_free = pass_end - fold + bus_taken + order.bus_cycles
                if not second:
                    gate_known[tile] = pass_end + order.skew_cycles + order.gate_latency_cycles
            if turn + 1 == tiles + behind or not order.double_buffered:
                now = max(now, pass_end + order.skew_cycles)
            turns[run, turn] = now - turn_begin
    return turns
