"""Words of 64 bits, against Python's integers."""

from __future__ import annotations

from random import Random

import numba
import numpy as np
import pytest

from pgsim.kernels.words import popcount, transpose

EDGES = (0, 1, 2**31, 2**32, 2**63, 2**64 - 1)


def test_bits_that_are_set_are_counted() -> None:
    """As `int.bit_count` does. Only kernels call it, so that it is compiled into one."""
    counted = numba.njit(lambda word: popcount(word))
    rng = Random(1)
    for word in (*EDGES, *(rng.getrandbits(64) for _ in range(20))):
        assert counted(np.uint64(word)) == word.bit_count()


@pytest.mark.parametrize("seed", range(4))
def test_a_block_is_turned_bit_by_bit(seed: int) -> None:
    """Bit c of row r is then bit r of row c."""
    rng = Random(seed)
    rows = [rng.choice((rng.getrandbits(64), *EDGES)) for _ in range(64)]
    block = np.array(rows, np.uint64)
    transpose(block)
    expected = [sum((row >> bit & 1) << place for place, row in enumerate(rows))
                for bit in range(64)]  # fmt: skip
    assert block.tolist() == expected
