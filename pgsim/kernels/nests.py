"""Loop nests: what a block reaches, what is held, and what every block moves (MODEL.md M40).

Loops are numbered as `pgsim.arch.LOOPS` has them: images, rows, columns, output channels, input
channels. A nest's blocks are numbered in the order in which they execute.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.sides import place_of, sizes_of

ACTIVATION, WEIGHT, SUM_READ, WRITTEN = range(4)  # what crosses the DRAM interface


class Walk(NamedTuple):
    """A nest as the kernels walk it.

    order: int64 (5,), its loops, outermost first. trips: int64 (5,), blocks of each loop. sizes:
    int64 (5, most trips), of each block of each loop. reach: int64 (2, most trips), input rows that
    each block of rows reaches, and input columns. fresh: the same, but for those that an earlier
    block has reached. taps: weights of a channel and input channel.
    """

    order: np.ndarray
    trips: np.ndarray
    sizes: np.ndarray
    reach: np.ndarray
    fresh: np.ndarray
    taps: int


class Held(NamedTuple):
    """How many loops lie outside of what is held of activations, weights and sums."""

    activation: int
    weight: int
    sums: int


class Widths(NamedTuple):
    """Bits of an activation and of a weight as they are fetched, of a sum, of an output as it is
    written, and of a burst."""

    activation: int
    weight: int
    sums: int
    output: int
    burst: int


@kernel
def reached(side, block, reach, fresh):
    """Count the input rows that each block of output rows reaches, and those that are new to it.

    Padding is no row. reach, fresh: int64, as long as there are blocks, zero. Returns the most that
    a block reaches, and what all blocks reach together. Source: MODEL.md M40.
    """
    outputs, inputs, taps = sizes_of(side)
    seen_by = np.full(inputs, -1, np.int64)
    for output in range(outputs):
        own = output // block
        for tap in range(taps):
            row = place_of(side, output, tap)
            if row >= 0 and seen_by[row] != own:
                reach[own] += 1
                if seen_by[row] < 0:
                    fresh[own] += 1
                seen_by[row] = own
    return reach.max(), fresh.sum()


@kernel
def outside(order, whole, block, most):
    """Return how many loops lie outside of what is held of an operand, -1 if no block fits.

    whole, block: int64 (5,), what all blocks of a loop need of the operand along it, and what one
    needs at most; 1 for a loop that does not matter to it. most: elements that fit.
    Source: MODEL.md M40.
    """
    for depth in range(6):
        need = np.int64(1)
        for place in range(5):
            loop = order[place]
            need *= block[loop] if place < depth else whole[loop]
        if need <= most:
            return depth
    return -1


@kernel
def _bursts(elements, bits, burst_bits):
    return -(-elements * bits // burst_bits)


@kernel
def walk(nest, held, widths):
    """Return the blocks of a nest in order, and the bursts that each of them moves.

    Returns int64 (5, blocks), the index of each block along each loop, and int64 (4, blocks), the
    bursts of activations, weights and sums that it fetches, and of sums and outputs that it writes.
    Source: MODEL.md M40.
    """
    blocks = nest.trips.prod()
    indices = np.empty((5, blocks), np.int64)
    moved = np.zeros((4, blocks), np.int64)
    place = np.empty(5, np.int64)  # of each loop in the order
    for depth in range(5):
        place[nest.order[depth]] = depth
    at = np.zeros(5, np.int64)
    spills = place[4] < held.sums and nest.trips[4] > 1
    for number in range(blocks):
        for loop in range(5):
            indices[loop, number] = at[loop]
        images, channels = nest.sizes[0, at[0]], nest.sizes[3, at[3]]
        inputs = nest.sizes[4, at[4]]
        if at[3] == 0 or place[3] < held.activation:
            elements = images * inputs
            for side in range(2):
                new = place[1 + side] >= held.activation
                rows = nest.fresh if new else nest.reach
                elements *= rows[side, at[1 + side]]
            moved[0, number] = _bursts(elements, widths.activation, widths.burst)
        again = False  # an earlier block of the hold has used these weights
        for loop in range(3):
            again |= at[loop] > 0 and place[loop] >= held.weight
        if not again:
            elements = channels * inputs * nest.taps
            moved[1, number] = _bursts(elements, widths.weight, widths.burst)
        outputs = images * nest.sizes[1, at[1]] * nest.sizes[2, at[2]] * channels
        if spills and at[4] > 0:
            moved[2, number] = _bursts(outputs, widths.sums, widths.burst)
        if at[4] == nest.trips[4] - 1:
            moved[3, number] = _bursts(outputs, widths.output, widths.burst)
        elif spills:
            moved[3, number] = _bursts(outputs, widths.sums, widths.burst)
        for depth in range(4, -1, -1):
            loop = nest.order[depth]
            at[loop] += 1
            if at[loop] < nest.trips[loop]:
                break
            at[loop] = 0
    return indices, moved
