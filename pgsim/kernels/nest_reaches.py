"""Which inputs the blocks of a convolution's rows, or columns, reach, by their size (M40, M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import BEGIN, MOST, OPENING, SUMMED
from pgsim.kernels.nests import reached
from pgsim.kernels.sides import sizes_of


@kernel
def reaches_of(side, blocks):
    """Return what blocks of each of some sizes reach, and what all of one size do together.

    side: `Side`. blocks: int64 (sizes,). Returns int64 (4, sizes) and int64 (2, all blocks), as
    `Loops` has sides and reaches, and a number of rows.
    """
    outputs, _, _ = sizes_of(side)
    found, begin, union = np.empty((4, blocks.size), np.int64), np.int64(0), np.int64(0)
    for place in range(blocks.size):
        found[BEGIN, place] = begin
        begin += -(-outputs // blocks[place])
    reaches = np.zeros((2, begin), np.int64)
    for place in range(blocks.size):
        begin = found[BEGIN, place]
        end = begin - (-outputs // blocks[place])
        reach, fresh = reaches[0, begin:end], reaches[1, begin:end]  # Numba knows both in one piece
        most, union = reached(side, blocks[place], reach, fresh)
        found[MOST, place], found[OPENING, place] = most, reach[0]
        found[SUMMED, place] = reach.sum()
    return found, reaches, union
