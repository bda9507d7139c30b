"""When each tile's passes may begin: gate waits, residency waits, the last skew (MODEL.md M19)."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np


class Order(NamedTuple):
    """What decides the order of passes: cycles of skew, tiles per segment, and two yes-no facts.

    A segment is a run of tiles within which MSB(i + 1) may go before LSB(i).
    """

    skew_cycles: int
    segment_tiles: int
    gated: bool
    double_buffered: bool


@numba.njit(cache=True, nogil=True)
def timeline(first_cycles, second_cycles, residency_cycles, order):
    """Return each tile's bubbles beyond the waits of its own folds.

    first_cycles, second_cycles: int64 (runs, tiles), how long each pass of a tile holds the array's
    input edge; 0 for a pass that does not happen.
    residency_cycles: int64 (runs, segments), the wait after each segment (M17, M18).
    Returns int64 (runs, tiles), the end of the run in its last tile. Source: MODEL.md M19.
    """
    runs, tiles = first_cycles.shape
    bubbles = np.zeros((runs, tiles), np.int64)
    overlapped = order.gated and order.double_buffered
    for run in range(runs):
        now = last_issue = np.int64(0)
        for tile in range(tiles):
            begins_segment = tile % order.segment_tiles == 0
            ends_segment = (tile + 1) % order.segment_tiles == 0 or tile + 1 == tiles
            if begins_segment or not overlapped:
                now += first_cycles[run, tile]
                last_issue = now
                gate_known = now + order.skew_cycles
            next_gate_known = gate_known
            if overlapped and not ends_segment:
                now += first_cycles[run, tile + 1]
                last_issue = now
                next_gate_known = now + order.skew_cycles
            if order.gated and now < gate_known:
                bubbles[run, tile] += gate_known - now
                now = gate_known
            if second_cycles[run, tile] > 0:
                now += second_cycles[run, tile]
                last_issue = now
                if order.gated and not order.double_buffered:
                    bubbles[run, tile] += order.skew_cycles
                    now += order.skew_cycles
            gate_known = next_gate_known
            if ends_segment:
                wait = residency_cycles[run, tile // order.segment_tiles]
                bubbles[run, tile] += wait
                now += wait
                last_issue += wait
        bubbles[run, tiles - 1] += max(0, last_issue + order.skew_cycles - now)
    return bubbles
