"""Sums of many short rows, of which NumPy takes longer to begin one than to add it up."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel


@kernel
def sums_of_rows(rows):
    """Return the sum of each row of an array, int64 (rows, columns); they may be read-only."""
    sums = np.empty(len(rows), np.int64)
    for row in range(len(rows)):
        total = np.int64(0)
        for column in range(rows.shape[1]):
            total += rows[row, column]
        sums[row] = total
    return sums
