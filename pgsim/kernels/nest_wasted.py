"""What the bursts of a nest's blocks carry beside its elements (MODEL.md M40, M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import BEGIN, C, K, N, P, Q

_FRESH = 1  # of Loops.reaches


@kernel(inner=True)
def wasted_bits(loops, widths, picks, own, innermost):
    """Return the bits of whole bursts that carry nothing, at least, in a run and group.

    Every block's weights come in bursts of their own at least once, and its outputs leave in such.
    So do the inputs of each block where all of them fit, and no pass leaves them unheld. Returns
    those of weights, and all others. picks: int64 (5,). own: of `picked`. innermost: as `refined`
    has it.
    """
    parts, of_weights = loops.parts, np.int64(0)
    for k in range(2):
        for c in range(2):
            often = _often(parts, K, picks, k) * _often(parts, C, picks, c)
            if often == 0:  # dividing takes long
                continue
            bits = _size(parts, K, picks, k) * _size(parts, C, picks, c) * loops.taps
            of_weights += often * (-bits * widths.weight % widths.burst)
    others = _of_outputs(parts, picks, widths)
    needed = np.int64(1)
    for loop in range(5):
        needed *= own.whole[0, loop]
    if not innermost and needed <= loops.fit_activations:
        others += _of_inputs(loops, picks, own.trips, widths)
    return of_weights, others


@kernel(inner=True)
def _size(parts, loop, picks, kind):
    """Return the size of a loop's whole blocks (0), or of a smaller last one (1)."""
    return parts[2 * kind, loop, picks[loop]]


@kernel(inner=True)
def _often(parts, loop, picks, kind):
    """Return how many of its blocks are so large."""
    return parts[2 * kind + 1, loop, picks[loop]]


@kernel(inner=True)
def _of_outputs(parts, picks, widths):
    wasted = np.int64(0)
    for kinds in range(16):
        outputs, often = np.int64(1), np.int64(1)
        for loop in range(4):
            kind = kinds >> loop & 1
            outputs *= _size(parts, loop, picks, kind)
            often *= _often(parts, loop, picks, kind)
        if often > 0:
            wasted += often * (-outputs * widths.output % widths.burst)
    return wasted


@kernel(inner=True)
def _of_inputs(loops, picks, trips, widths):
    """Return the same of inputs of which each element comes once."""
    rows = loops.reaches[0, _FRESH, loops.sides[BEGIN, 0, picks[P]] :][: trips[P]]
    columns = loops.reaches[1, _FRESH, loops.sides[BEGIN, 1, picks[Q]] :][: trips[Q]]
    parts, wasted = loops.parts, np.int64(0)
    for n in range(2):
        for c in range(2):
            often = _often(parts, N, picks, n) * _often(parts, C, picks, c)
            if often == 0:
                continue
            each = _size(parts, N, picks, n) * _size(parts, C, picks, c) * widths.activation
            wasted += often * _of_sides(rows, columns, each, widths.burst)
    return wasted


@kernel(inner=True)
def _of_sides(rows, columns, each, burst):
    """Return the same of blocks of so many rows and columns each, of `each` bits a pixel."""
    wasted, row = np.int64(0), 0
    while row < rows.size:
        below, column = _alike(rows, row), 0
        while column < columns.size:
            beside = _alike(columns, column)
            wasted += below * beside * (-each * rows[row] * columns[column] % burst)
            column += beside
        row += below
    return wasted


@kernel(inner=True)
def _alike(sizes, begin):
    """Return how many sizes one after the other are as the first of them."""
    end = begin + 1
    while end < sizes.size and sizes[end] == sizes[begin]:
        end += 1
    return end - begin
