"""What PEs and buffers spend on the blocks of a nest (MODEL.md M22, M28, M40)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_places import INPUTS, SLOTS, place_of
from pgsim.kernels.nest_problem import (
    BUSY_PJ,
    FINISHED,
    FULL,
    KEPT_PJ,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    READ_PJ,
    REST,
    SLOT_PJ,
    SLOT_WORDS,
    VISITS,
    WRITE_PJ,
    C,
    K,
    N,
    P,
    Q,
)


@kernel(inner=True)
def spent_pj(problem, picks, traffic):
    """Return what PEs and buffers spend on the blocks of a batch, in pJ (MODEL.md M22, M28)."""
    parts, energy_pj = problem.loops.parts, 0.0
    own = np.empty(5, np.int64)
    for kind in range(32):
        often = np.int64(1)
        for loop in range(5):
            part = REST if kind >> loop & 1 else FULL
            own[loop] = parts[part, loop, picks[loop]]
            often *= parts[part + 1, loop, picks[loop]]
        if often == 0:
            continue
        sides = (own[N] * own[P] * own[Q], own[K])
        slots, lanes = sides[problem.machine.slot_side], sides[problem.machine.lane_side]
        last = kind >> C & 1
        smaller = parts[REST + 1, C, picks[C]]
        alike = 1 if last else traffic.trips[C] - smaller  # C blocks of this size
        ends = (1 - last, 1 if last or smaller == 0 else 0, alike)
        full = lanes // problem.machine.columns  # lane groups of all columns are alike
        places = (
            place_of(problem.tables, INPUTS, own[C]),
            place_of(problem.tables, SLOTS, slots),
        )
        for groups, few in (
            (full, problem.machine.columns),
            (1, lanes - full * problem.machine.columns),
        ):
            if groups > 0 and few > 0:
                pj = _tile_pj(problem, traffic, places, ends, (slots, few))
                energy_pj += often * groups * pj
    energy_pj *= problem.machine.groups * problem.machine.runs
    return energy_pj + problem.prices.pj[BUSY_PJ + picks[C]]


@kernel(inlined=True)
def _tile_pj(problem, traffic, places, ends, sizes):
    """Return what buffers spend on a tile on average over its C blocks.

    places: of its tables. ends: whether the first C block is among those of this size, whether the
    last is, and how many these are. sizes: slots and lanes.
    """
    tables, machine, pj = problem.tables, problem.machine, problem.prices.pj
    ci, si = places
    slots, few = sizes
    outputs = slots * few
    tile_pj = tables.slots[SLOT_WORDS, ci, si] * pj[SLOT_PJ]
    for index in range(tables.tiles.shape[1]):
        bits = few * tables.chunks[ci, LANE_BITS + index]
        bits *= 1 if traffic.stretch else tables.tiles[LOADS, index, ci, si]
        words = float(-(-bits // machine.lane_port_bits))
        if traffic.stretch:  # the first pass of the first block of each stretch loads
            words = 0.0 if index else words / traffic.stretch
        tile_pj += words * pj[LANE_PJ]
    if machine.kept_port_bits and ends[0]:  # each output once
        words = -(-outputs * problem.output_bits // machine.kept_port_bits)
        tile_pj += words / ends[2] * pj[KEPT_PJ]
    return tile_pj + _output_pj(problem, traffic, places, ends, outputs)


@kernel(inlined=True)
def _output_pj(problem, traffic, places, ends, outputs):
    """Return what the sums of a tile spend on the output buffer, on average over its C blocks."""
    tables, pj, port = problem.tables, problem.prices.pj, problem.machine.output_port_bits
    has_first, has_last, alike = ends
    several = traffic.trips[C] > 1
    bits = outputs * problem.output_bits
    if several or not tables.slots[FINISHED, places[0], places[1]]:
        bits = outputs * tables.chunks[places[0], VISITS] * problem.widths.sums
    written = -(-bits // port)
    words = float(written)
    if several:
        sums = outputs * problem.widths.sums
        leaving = sums if traffic.spills else 0  # after every C block
        read = has_first * -(-(bits - sums + leaving) // port)
        read += has_last * -(-(bits + sums) // port)
        read += (alike - has_first - has_last) * -(-(bits + leaving) // port)
        words = read / alike
    return written * pj[WRITE_PJ] + words * pj[READ_PJ]
