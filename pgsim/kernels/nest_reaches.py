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
    trips = -(-outputs // blocks)
    found, reaches = np.empty((4, blocks.size), np.int64), np.zeros((2, trips.sum()), np.int64)
    begin, union = np.int64(0), np.int64(0)
    for place in range(blocks.size):
        own = reaches[:, begin : begin + trips[place]]
        most, union = reached(side, blocks[place], own[0], own[1])
        found[MOST, place], found[OPENING, place] = most, own[0, 0]
        found[SUMMED, place], found[BEGIN, place] = own[0].sum(), begin
        begin += trips[place]
    return found, reaches, union
