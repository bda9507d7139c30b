"""What the blocks of a nest move, by sums over each of its loops (MODEL.md M40, M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import (
    BEGIN,
    FULL_TIMES,
    MOST,
    OPENING,
    REST_TIMES,
    SUMMED,
    C,
    K,
    P,
    Q,
)
from pgsim.kernels.nests import outside


class Picked(NamedTuple):
    """A choice of block sizes, as an order of the loops asks for it.

    trips: int64 (5,), blocks of each loop. whole, block: int64 (3, 5), what all blocks of a loop,
    and what one, need of activations, weights and sums; 1 where the loop does not matter.
    """

    trips: np.ndarray
    whole: np.ndarray
    block: np.ndarray


class Moves(NamedTuple):
    """What a nest moves, by its loops.

    A block moves of each operand the product of what its loops contribute: elements of activations,
    of weights (without the taps), of sums. summed, first: int64 (3, 5), of all blocks of a loop and
    of the first one. held: int64 (3,), how many loops lie outside of what is held. spills: whether
    sums leave before they are done.
    """

    summed: np.ndarray
    first: np.ndarray
    held: np.ndarray
    spills: bool


@kernel(inner=True)
def picked(loops, picks):
    """Return a choice of block sizes; picks: int64 (5,), which of its sizes each loop has."""
    own = room_of_choice()
    pick(loops, picks, own)
    return own


@kernel(inner=True)
def room_of_choice():
    """Return room for a choice of block sizes."""
    return Picked(np.empty(5, np.int64), np.empty((3, 5), np.int64), np.empty((3, 5), np.int64))


@kernel(inner=True)
def pick(loops, picks, own):
    """Write a choice of block sizes over another one."""
    trips, whole, block = own
    for loop in range(5):
        for operand in range(3):
            whole[operand, loop] = block[operand, loop] = 1
        place, size = picks[loop], loops.sizes[0, loop]
        part = loops.blocks[loop, place]
        trips[loop] = loops.parts[FULL_TIMES, loop, place] + loops.parts[REST_TIMES, loop, place]
        if loop in (P, Q):
            whole[0, loop] = loops.union_rows if loop == P else loops.union_columns
            block[0, loop] = loops.sides[MOST, loop - P, place]
        elif loop != K:
            whole[0, loop], block[0, loop] = size, part
        if loop >= K:
            whole[1, loop], block[1, loop] = size, part
        if loop != C:
            whole[2, loop], block[2, loop] = size, part


@kernel(inner=True)
def moves_of(loops, picks, own, order):
    """Return what a nest moves. Source: MODEL.md M40.

    own: the picks as `picked` has them. order: int64 (5,), the loops, outermost first.
    """
    held = np.empty(3, np.int64)
    held[0] = outside(order, own.whole[0], own.block[0], loops.fit_activations)
    held[1] = outside(order, own.whole[1], own.block[1], loops.fit_weights)
    held[2] = outside(order, own.whole[2], own.block[2], loops.fit_sums)
    summed, first = np.ones((3, 5), np.int64), np.ones((3, 5), np.int64)
    spills = False
    for depth in range(5):
        loop = order[depth]
        trips = own.trips[loop]
        if loop in (P, Q):
            fresh = depth >= held[0]
            sides = loops.sides[:, loop - P, picks[loop]]
            summed[0, loop] = own.whole[0, loop] if fresh else sides[SUMMED]
            first[0, loop] = sides[OPENING]
        elif loop != K:
            summed[0, loop], first[0, loop] = own.whole[0, loop], own.block[0, loop]
        elif depth < held[0]:
            summed[0, loop] = trips
        if loop >= K:
            summed[1, loop], first[1, loop] = own.whole[1, loop], own.block[1, loop]
        elif depth < held[1]:
            summed[1, loop] = trips
        if loop != C:
            summed[2, loop], first[2, loop] = own.whole[2, loop], own.block[2, loop]
        else:  # sums come back but for the first C block
            summed[2, loop], first[2, loop] = trips - 1, 0
            spills = depth < held[2] and trips > 1
    return Moves(summed, first, held, spills)


@kernel(inner=True)
def bits_of(problem, moves, compulsory):
    """Return what a nest moves in a group at least, float64 (4,), by what it is.

    compulsory: float64 (4,), what any nest moves.
    """
    widths, bits = problem.widths, np.empty(4)
    bits[0] = bits[1] = bits[2] = 1.0
    for operand in range(3):
        for loop in range(5):
            bits[operand] *= moves.summed[operand, loop]
    bits[0] *= widths.activation
    bits[1] *= problem.loops.taps * widths.weight
    bits[2] *= widths.sums if moves.spills else 0
    bits[3] = compulsory[3] + bits[2]
    return bits


@kernel(inner=True)
def factors_of(loops, picks, own, order, moves):
    """Return what each block of each loop contributes, int64 (3, 5, most trips), as `Moves`.

    It is 0 where the loop's block comes again while the operand is held; of sums it says how large
    they are, whether they come back or not.
    """
    trips = np.int64(1)
    for loop in range(5):
        trips = max(trips, own.trips[loop])
    factors = np.ones((3, 5, trips), np.int64)
    for depth in range(5):
        loop = order[depth]
        size, most, last = (
            loops.sizes[0, loop],
            loops.blocks[loop, picks[loop]],
            own.trips[loop] - 1,
        )
        for at in range(last + 1):
            whole = most if at < last else size - most * last
            if loop in (P, Q):
                place = loops.sides[BEGIN, loop - P, picks[loop]] + at
                fresh = 1 if depth >= moves.held[0] else 0
                factors[0, loop, at] = loops.reaches[loop - P, fresh, place]
            elif loop != K:
                factors[0, loop, at] = whole
            elif at > 0 and depth >= moves.held[0]:
                factors[0, loop, at] = 0
            if loop >= K:
                factors[1, loop, at] = whole
            elif at > 0 and depth >= moves.held[1]:
                factors[1, loop, at] = 0
            if loop != C:
                factors[2, loop, at] = whole
    return factors


@kernel(inner=True)
def always_bits(machine, compulsory):
    """Return the bits that any nest moves in a run and group, weights in their part."""
    return compulsory[0] + compulsory[1] * weight_times(machine) + compulsory[3]


@kernel(inner=True)
def weight_times(machine):
    """Return in which part of a batch's runs weights are fetched."""
    return 1 / machine.runs if machine.weights_stay else 1.0
