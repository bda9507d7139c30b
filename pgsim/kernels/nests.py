"""Loop nests: what a block reaches, what is held, and what every block moves (MODEL.md M40).

Loops are numbered as `pgsim.arch.LOOPS` has them: images, rows, columns, output channels, input
channels. A nest's blocks are numbered in the order in which they execute.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.sides import place_of, sizes_of, under

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


@kernel(inner=True)
def reached(side, block, reach, fresh):
    """Count the input rows that each block of output rows reaches, and those that are new to it.

    Padding is no row. reach, fresh: int64, zeros for all blocks at least. Returns the most that
    a block reaches, and what all blocks reach together. Source: MODEL.md M40.
    """
    rows, frames = side
    apart = rows.dilation > 1 and rows.taps > 1
    if apart or frames.outputs > 1 or frames.taps > 1 or under(frames, 0, 0) != 0:
        _reached_tap_by_tap(side, block, reach, fresh)
    elif rows.stride < rows.taps:
        _reached_in_one_piece(rows, block, reach, fresh)
    else:
        _reached_once(rows, block, reach, fresh)
    most, union = np.int64(0), np.int64(0)
    for own in range(reach.size):  # Numba takes long to compile what does the same at once
        most, union = max(most, reach[own]), union + fresh[own]
    return most, union


@kernel(inner=True)
def _reached_in_one_piece(rows, block, reach, fresh):
    """Count the rows of blocks whose outputs share rows with the next ones, so that none is left
    out between them."""
    seen = np.int64(0)
    for own in range(-(-rows.outputs // block)):
        last = min((own + 1) * block, rows.outputs) - 1
        begin = max(own * block * rows.stride - rows.padding, 0)
        end = min(last * rows.stride - rows.padding + rows.taps, rows.inputs)
        reach[own] = max(end - begin, 0)
        fresh[own] = max(end - max(begin, seen), 0)
        seen = max(seen, end)


@kernel(inner=True)
def _reached_once(rows, block, reach, fresh):
    """Count the rows of blocks where no two outputs reach the same."""
    before = _under_outputs(rows, 0)
    for own in range(-(-rows.outputs // block)):
        upto = _under_outputs(rows, min((own + 1) * block, rows.outputs))
        reach[own] = fresh[own] = upto - before
        before = upto


@kernel(inner=True)
def _under_outputs(rows, outputs):
    """Return the rows that so many outputs reach, where no two reach the same."""
    first, end = rows.padding, min(rows.padding + rows.inputs, outputs * rows.stride)
    if end <= first:
        return np.int64(0)
    of_end = end // rows.stride * rows.taps + min(end % rows.stride, rows.taps)
    return of_end - first // rows.stride * rows.taps - min(first % rows.stride, rows.taps)


@kernel(inner=True)
def _reached_tap_by_tap(side, block, reach, fresh):
    """Count the rows of blocks one by one."""
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


@kernel(inner=True)
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
