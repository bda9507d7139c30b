"""How long the tiles of a nest's blocks wait for the ports of the buffers (MODEL.md M40, M43)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import DEADLINES, ENDS, FINISHED, LANE_BITS, STALLS


class Sums(NamedTuple):
    """What becomes of the sums of a block's tiles.

    opens: whether the first of their C blocks is this. leaves: whether they leave the buffer after
    it. at_once: whether it is the only one.
    """

    opens: bool
    leaves: bool
    at_once: bool


@kernel(inlined=True)
def stalls_of(problem, index, place, tile, sums, loads):
    """Return the cycles that a pass of a tile waits for whichever port is furthest behind.

    index: of the pass. place: of its input channels and its slots in the tables. tile: slots and
    lanes. loads: whether the pass reads the operands of its lanes.
    """
    tables, machine = problem.tables, problem.machine
    ci, si = place
    late = tables.tiles[STALLS, index, ci, si]
    rows = tables.waits.shape[0]
    if rows == 0:
        return late
    slots, lanes = tile
    bits = slots * lanes * _bits_of_output(problem, index, place, sums)
    ends = tables.waits[ENDS, index, ci, si]
    late = max(late, -(-bits // machine.output_cycle_bits) - ends)
    if loads:
        for row in range(DEADLINES, rows, 2):
            bits = lanes * tables.waits[row, index, ci, si]
            by = tables.waits[row + 1, index, ci, si]
            late = max(late, -(-bits // machine.lane_cycle_bits) - by)
    return late


@kernel(inlined=True)
def stalls_beside(turns, late, waits):
    """Return the port stalls of a pass that waits for the buses too, of a pass that is so late."""
    return max(np.int64(0), late - waits) if turns.ports_ahead else late


@kernel(inlined=True)
def _bits_of_output(problem, index, place, sums):
    """Return the bits that a pass moves through the output buffer's ports for one output (M43)."""
    tables, widths = problem.tables, problem.widths
    passes = tables.tiles.shape[1]
    last = index == passes - 1
    if sums.at_once and tables.slots[FINISHED, place[0], place[1]]:
        return 2 * problem.output_bits if last else 0
    visits = 2 * tables.chunks[place[0], LANE_BITS + passes + index]
    visits -= 1 if sums.opens and index == 0 else 0
    visits += 1 if sums.leaves and last else 0
    return visits * widths.sums


@kernel(inner=True)
def longest_stalls(problem, index, place, slots):
    """Return what a pass of a tile of so many slots waits at most, whatever the nest."""
    tile = (slots, problem.machine.columns)
    return stalls_of(problem, index, place, tile, Sums(False, True, False), True)
