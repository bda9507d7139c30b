"""Essential terms of operands: the powers of two that they are sums of (MODEL.md M58)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer[Any]]
Powers = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]

_NONE = np.uint32(2**31)  # above any power


def powers_of(values: Integers, *, signed_digits: bool) -> Powers:
    """Return which powers of two each value is a sum of, as the 1s of a word.

    values: of at most 16 bits. The powers are those of the magnitude, or, of signed digits, those
    of its non-adjacent form, which may have one power more.

    >>> [int(word) for word in powers_of(np.array([7, -6]), signed_digits=False)]
    [7, 6]
    >>> [int(word) for word in powers_of(np.array([7, -6]), signed_digits=True)]
    [9, 10]
    """
    magnitudes = np.abs(values.astype(np.int32)).astype(np.uint32)
    if not signed_digits:
        return magnitudes
    powers: Powers = (magnitudes ^ np.uint32(3) * magnitudes) >> np.uint32(1)
    return powers


def one_by_one(powers: Powers, reach: int) -> Counts:
    """Return the cycles in which lanes take their powers one by one, the lowest first.

    powers: (..., lanes), whose lanes wait for each other in the end. In a cycle each lane takes its
    lowest power left, if that is no more than `reach` above the lowest of all. Returns (...), 0
    where there is nothing to take.
    """
    if reach >= int(np.bitwise_or.reduce(powers, axis=None)).bit_length():
        most: Counts = np.bitwise_count(powers).max(axis=-1).astype(np.int64)
        return most
    left, cycles = powers.copy(), np.zeros(powers.shape[:-1], np.int64)
    while left.any():
        lowest = left & (~left + np.uint32(1))
        least = np.where(lowest > 0, lowest, _NONE).min(axis=-1, keepdims=True)
        cycles += least[..., 0] < _NONE
        within = lowest <= np.minimum(least.astype(np.uint64) << np.uint64(reach), 2**31 - 1)
        left &= ~np.where(within, lowest, 0).astype(np.uint32)
    return cycles
