"""Sums of rows, against Python's."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from pgsim.kernels.sums import sums_of_rows


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (9, 8), (5, 33), (0, 3), (3, 0)])
def test_rows_add_up(shape: tuple[int, int]) -> None:
    rng, (rows, columns) = Random(str(shape)), shape
    limit = 2**62 // max(1, columns)
    numbers = [[rng.randint(-limit, limit) for _ in range(columns)] for _ in range(rows)]
    counts = np.array(numbers, np.int64).reshape(shape)
    assert sums_of_rows(counts).tolist() == [sum(row) for row in numbers]
