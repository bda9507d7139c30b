"""The order of a nest's loops in which its blocks move least, as a shortest path (MODEL.md M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import SUMMED, C, K, N, P, Q
from pgsim.kernels.nest_traffic import always_bits, weight_times


class Room(NamedTuple):
    """What is known of a path by the set of loops that lie inside, bit by bit, of 32 sets.

    known: float64, the bits that are moved at least. need, more: float64 (3, 32), what is held of
    each operand, and the bits that it is moved beyond what is compulsory. over: int64, bit by bit,
    the operands of which more is needed than fits.
    """

    known: np.ndarray
    need: np.ndarray
    more: np.ndarray
    over: np.ndarray


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
def room_of_paths():
    """Return room for a path."""
    sets = 32
    return Room(np.empty(sets), np.empty((3, sets)), np.empty((3, sets)), np.empty(sets, np.int64))


@kernel(inner=True)
def least_bits(moved, sides, picks, own, innermost, room):
    """Return the bits that a choice of block sizes moves in a batch at least, in its best order.

    An operand is moved once until the loops inside need more of it than fits: what it is moved then
    follows from which they are. So the best order is a shortest path, on which one loop after the
    other comes to those inside. Loops of one block change nothing, and always lie inside.

    innermost: whether the loop of input channels has to be that. room: of `room_of_paths`.
    """
    sets = _set_needs(moved, own, room)
    if room.over[sets - 1] == 0:
        return moved.always_bits
    _set_more(moved, sides, picks, own, room)
    # The loop of input channels is the last of those of several blocks.
    first = sets >> 1 if innermost and own.trips[C] > 1 else 0
    for inside in range(sets):
        if inside & first != first and inside > 0:
            room.known[inside] = np.inf
        elif room.over[inside] == 0:
            room.known[inside] = moved.always_bits
        else:
            room.known[inside] = _least_to(inside, room)
    return room.known[sets - 1]


@kernel(inner=True)
def _least_to(inside, room):
    """Return the bits that are moved at least where these loops lie inside, the last in any way."""
    least, loop = np.inf, 1
    while loop <= inside:
        if inside & loop:
            before = inside ^ loop
            bits, over = room.known[before], room.over[inside] & ~room.over[before]
            for operand in range(3):
                if over >> operand & 1:
                    bits += room.more[operand, before]
            least = min(least, bits)
        loop <<= 1
    return least


@kernel(inner=True)
def _set_needs(moved, own, room):
    """Set which operands do not fit with some loops inside; return how many sets there are."""
    sets = 1
    for operand in range(3):
        room.need[operand, 0] = 1.0
    for loop in range(5):
        several = own.trips[loop] > 1
        for operand in range(3):
            whole = float(own.whole[operand, loop])
            block = float(own.block[operand, loop]) if several else whole
            for inside in range(sets):
                need = room.need[operand, inside]
                room.need[operand, inside] = need * block
                if several:
                    room.need[operand, sets | inside] = need * whole
        if several:
            sets <<= 1
    fits = (moved.activations, moved.weights, moved.sums)
    for inside in range(sets):
        room.over[inside] = 0
        for operand in range(3):
            if room.need[operand, inside] > fits[operand]:
                room.over[inside] |= 1 << operand
    return sets


@kernel(inner=True)
def _set_more(moved, sides, picks, own, room):
    """Set what each operand adds to what is compulsory, if it is held for the loops inside."""
    trips, sets = own.trips, 1
    room.more[0, 0] = room.more[1, 0] = 1.0
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
            activations, weights = room.more[0, inside], room.more[1, inside]
            room.more[0, sets | inside], room.more[0, inside] = activations, activations * again
            room.more[1, sets | inside], room.more[1, inside] = weights, weights * of_weights
        sets <<= 1
    sum_bits = moved.sum_bits * (trips[C] - 1)
    for inside in range(sets):
        room.more[0, inside] = moved.activation_bits * (room.more[0, inside] - 1)
        room.more[1, inside] = moved.weight_bits * (room.more[1, inside] - 1)
        room.more[2, inside] = sum_bits if 2 * inside < sets else 0.0
