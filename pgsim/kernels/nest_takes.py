"""What the tiles of blocks take, by the sides of these (MODEL.md M41).

What a tile takes depends on its slots, and on its lanes in proportion. So what all blocks of a
choice take is a sum over the sizes of its slots, times a sum over those of its lanes. One of them
follows from its positions (images, rows, columns), the other from its channels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_fits import (
    LAST,
    OF_GROUP_CYCLES,
    OF_GROUP_PJ,
    OF_LANE_CYCLES,
    OF_LANE_PJ,
    WAIT,
    WORK,
    Takes,
)
from pgsim.kernels.nest_places import INPUTS, SLOTS, places_of
from pgsim.kernels.nest_problem import (
    BUSY_PJ,
    CYCLES,
    ENDS,
    FINISHED,
    FOLDS,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    READ_PJ,
    SLOT_PJ,
    SLOT_WORDS,
    STALLS,
    VISITS,
    WRITE_PJ,
    K,
    N,
    P,
    Problem,
    Q,
)
from pgsim.kernels.nest_sizes import Side
from pgsim.kernels.turns import Order

Floats = npt.NDArray[np.float64]

_OUTPUT_PJ, _OUTPUT_CYCLES = 7, 8  # what tiles take beside `Takes`


def takes_of(problem: Problem, inputs: Side, positions: Side, channels: Side) -> Takes:
    """Return what the tiles of all blocks take, by the choices of each side."""
    tiles, slot_side = _tiles(problem, inputs), problem.machine.slot_side
    both = enumerate((positions, channels))
    return Takes(*(_sums(problem, each, tiles, place == slot_side) for place, each in both))


def _tiles(problem: Problem, inputs: Side) -> Floats:
    """Return what tiles take, float64 (9, input channels, slots), summed over all C blocks.

    Rows are as those of `Takes`: the array's cycles have waits for its buses (M18), those of the
    last C block neither stalls nor waits. And pJ of an output, and its cycles at the ports.
    """
    tables, machine, pj = problem.tables, problem.machine, problem.prices.pj
    totals = tables.tiles.sum(axis=1)
    lane_bits = tables.chunks[:, LANE_BITS : LANE_BITS + tables.tiles.shape[1]]
    bits = np.einsum("pcs,cp->cs", tables.tiles[LOADS], lane_bits)
    sum_bits = np.repeat(tables.chunks[:, [VISITS]] * problem.widths.sums, bits.shape[1], axis=1)
    tiles = np.zeros((9, inputs.last.size, bits.shape[1]))
    behind = np.zeros(bits.shape)
    if tables.waits.shape[0]:  # ports are waited for
        behind = totals[CYCLES] - tables.waits[ENDS].sum(axis=0)
    waits = waits_alone(tables.tiles, problem.order).sum(axis=0)
    for sizes, often in zip(inputs.sizes, inputs.often, strict=True):
        ci, times = places_of(tables, INPUTS, sizes), often[:, None]
        own_bits, own_sums, own_waits = bits[ci], sum_bits[ci], waits[ci]
        whole = inputs.trips == 1
        if machine.stays:
            own_bits[whole] = own_waits[whole] = 0
        done = whole[:, None] & (tables.slots[FINISHED, ci] > 0)
        own_sums[done] = problem.output_bits
        tiles[WORK] += times * ((totals[CYCLES] + totals[STALLS])[ci] + own_waits)
        tiles[OF_GROUP_CYCLES] += times * behind[ci]
        tiles[WAIT] = np.maximum(tiles[WAIT], (times > 0) * own_waits)
        tiles[OF_GROUP_PJ] += times * tables.slots[SLOT_WORDS, ci] * pj[SLOT_PJ]
        tiles[OF_LANE_PJ] += times * own_bits / machine.lane_port_bits * pj[LANE_PJ]
        moved = 2 * own_sums  # written, and read
        if machine.decides:  # passes behind these may leave nothing to these
            moved[done] = 0
        tiles[_OUTPUT_CYCLES] += times * moved / machine.output_cycle_bits
        sums_pj = own_sums / machine.output_port_bits * (pj[READ_PJ] + pj[WRITE_PJ])
        tiles[_OUTPUT_PJ] += times * sums_pj
    if machine.decides:  # the first visit reads no sums, and what leaves is for passes behind
        tiles[_OUTPUT_CYCLES] -= problem.widths.sums / machine.output_cycle_bits
    tiles[_OUTPUT_CYCLES] *= tables.waits.shape[0] > 0
    tiles[_OUTPUT_PJ] += pj[BUSY_PJ + inputs.picks[0], None] / _outputs(problem)
    tiles[LAST] = totals[CYCLES, places_of(tables, INPUTS, inputs.last)]
    return tiles


def waits_alone(tiles: Floats, order: Order) -> Floats:
    """Return for how long passes wait for the buses at least, beside stalls for slot operands.

    Both waits may go on at once (M43). Sums leave behind a pass's own last fold, and operands load
    behind that of the pass before, which may wait for anything. tiles: int64 (4, passes, ...), as
    those of `Tables`; returns int64 (passes, ...).
    """
    waits: Floats = np.maximum(0, order.bus_cycles - tiles[FOLDS])
    if not order.ports_ahead:
        return waits
    stalls = tiles[STALLS] if order.drains else tiles[STALLS].max(initial=0)
    waits = np.maximum(0, waits - stalls)
    return waits


def _outputs(problem: Problem) -> int:
    """Return the outputs of a batch."""
    of_group = problem.loops.sizes[0, [N, P, Q, K]].prod()
    return int(of_group) * problem.machine.groups * problem.machine.runs


def _sums(problem: Problem, side: Side, tiles: Floats, are_slots: bool) -> Floats:
    """Return what all blocks of one side contribute, float64 (7, input channels, choices).

    What both sides contribute is multiplied. Rows are as those of `_tiles`.
    """
    columns, found = problem.machine.columns, np.zeros((7, tiles.shape[1], side.last.size))
    for sizes, often in zip(side.sizes, side.often, strict=True):
        if not often.any():
            continue
        if are_slots:
            own = tiles[:, :, places_of(problem.tables, SLOTS, sizes)]
            own[OF_LANE_PJ] += sizes * own[_OUTPUT_PJ]
            own[OF_LANE_CYCLES] += sizes * own[_OUTPUT_CYCLES]
            found[:LAST] += often * own[:LAST]
            found[WAIT] = np.maximum(found[WAIT], (often > 0) * own[WAIT])
        else:
            found[[WORK, OF_GROUP_PJ, OF_GROUP_CYCLES]] += often * -(-sizes // columns)
            found[[OF_LANE_PJ, OF_LANE_CYCLES]] += often * sizes
    if are_slots:
        found[LAST] = tiles[LAST][:, places_of(problem.tables, SLOTS, side.last)]
    else:
        found[LAST] = -(-side.last // columns)
        found[WAIT] = 1
    return found
