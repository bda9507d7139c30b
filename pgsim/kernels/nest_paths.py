"""The order of a nest's loops in which its blocks move least, as a shortest path (MODEL.md M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import SUMMED, C, K, N, P, Q
from pgsim.kernels.nest_traffic import always_bits, weight_times

PATHS = (7, 32)  # of the room of a path: rows as below, by the loops inside
_KNOWN, _NEED, _MORE = 0, 1, 4  # bits; what of three operands is held; and what is moved beyond


class Moved(NamedTuple):
    """What all choices of a layer have in common; kernels that are called often take no more.

    activations, weights, sums: what the buffers hold, as `Loops` has it. always_bits: that any nest
    moves, of a run and group. activation_bits, weight_bits, sum_bits: that come again with each
    further visit.
    """

    activations: int
    weights: int
    sums: int
    always_bits: float
    activation_bits: float
    weight_bits: float
    sum_bits: float


@kernel(inner=True)
def moved_of(problem, compulsory):
    """Return what all choices of a layer have in common."""
    loops, machine, outputs = problem.loops, problem.machine, 1.0
    for loop in range(C):
        outputs *= loops.sizes[0, loop]
    return Moved(
        loops.fit_activations,
        loops.fit_weights,
        loops.fit_sums,
        always_bits(machine, compulsory),
        compulsory[0],
        compulsory[1] * weight_times(machine),
        2 * outputs * problem.widths.sums,
    )


@kernel(inner=True)
def least_bits(moved, sides, picks, own, innermost, room):
    """Return the bits that a choice of block sizes moves in a batch at least, in its best order.

    An operand is moved once until the loops inside need more of it than fits: what it is moved then
    follows from which they are. So the best order is a shortest path, on which one loop after the
    other comes to those inside. Loops of one block change nothing, and always lie inside.

    innermost: whether the loop of input channels has to be that. room: float64 of PATHS, for what
    is known by the set of loops that lie inside, bit by bit.
    """
    fits = (moved.activations, moved.weights, moved.sums)
    sets = _set_needs(own, room)
    _set_more(moved, sides, picks, own, room)
    # The loop of input channels is the last of those of several blocks.
    first = sets >> 1 if innermost and own.trips[C] > 1 else 0
    for inside in range(1, sets):
        room[_KNOWN, inside] = np.inf
    room[_KNOWN, 0] = moved.always_bits
    for inside in range(sets):
        loop = 1
        while loop < sets:
            outer = inside | loop
            loop <<= 1
            if outer == inside or outer & first != first:
                continue
            bits = room[_KNOWN, inside]
            for operand in range(3):
                row = _NEED + operand
                if room[row, inside] <= fits[operand] and room[row, outer] > fits[operand]:
                    bits += room[_MORE + operand, inside]
            room[_KNOWN, outer] = min(room[_KNOWN, outer], bits)
    return room[_KNOWN, sets - 1]


@kernel(inner=True)
def _set_needs(own, room):
    """Set what is held of each operand by the loops inside; return how many sets there are."""
    sets = 1
    for operand in range(3):
        room[_NEED + operand, 0] = 1.0
    for loop in range(5):
        several = own.trips[loop] > 1
        for operand in range(3):
            whole, row = own.whole[operand, loop], _NEED + operand
            block = own.block[operand, loop] if several else whole
            for inside in range(sets):
                need = room[row, inside]
                room[row, inside] = need * block
                if several:
                    room[row, sets | inside] = need * whole
        if several:
            sets <<= 1
    return sets


@kernel(inner=True)
def _set_more(moved, sides, picks, own, room):
    """Set what each operand adds to what is compulsory, if it is held for the loops inside."""
    trips, sets = own.trips, 1
    room[_MORE, 0] = room[_MORE + 1, 0] = 1.0
    for loop in range(5):
        if trips[loop] == 1:
            continue
        again, of_weights = 1.0, 1.0  # how often activations, and weights, come if it lies outside
        if loop == K:
            again = float(trips[K])
        elif loop in (N, P, Q):
            of_weights = float(trips[loop])
            if loop != N:
                again = sides[SUMMED, loop - P, picks[loop]] / own.whole[0, loop]
        for inside in range(sets):
            activations, weights = room[_MORE, inside], room[_MORE + 1, inside]
            room[_MORE, sets | inside], room[_MORE, inside] = activations, activations * again
            room[_MORE + 1, sets | inside], room[_MORE + 1, inside] = weights, weights * of_weights
        sets <<= 1
    sum_bits = moved.sum_bits * (trips[C] - 1)
    for inside in range(sets):
        room[_MORE, inside] = moved.activation_bits * (room[_MORE, inside] - 1)
        room[_MORE + 1, inside] = moved.weight_bits * (room[_MORE + 1, inside] - 1)
        room[_MORE + 2, inside] = sum_bits if 2 * inside < sets else 0.0
