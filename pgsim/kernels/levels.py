"""How full the FIFOs of `queue` are: a byte each of up to 16 lanes, in two words.

One addition raises, lowers or compares all of them. A level is at most 127, so no byte carries into
the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import popcount

MOST_LANES, MOST_DEPTH = 16, 127

_LOWEST = np.uint64(0x0101010101010101)
_HIGHEST = np.uint64(0x8080808080808080)
_OTHERS = np.uint64(0x7F7F7F7F7F7F7F7F)
_DIAGONAL = np.uint64(0x8040201008040201)  # bit l of byte l
_TOP = np.uint64(7)


class Levels(NamedTuple):
    """The levels of the first eight lanes, and of the others, as uint64."""

    low: int
    high: int


@kernel(inlined=True)
def no_levels():
    """Return the levels of empty FIFOs."""
    return Levels(np.uint64(0), np.uint64(0))


@kernel(inlined=True)
def _bytes(bits):
    """Return a 1 in the byte of each of the eight lowest bits that is 1."""
    return ((((bits * _LOWEST) & _DIAGONAL) + _OTHERS) & _HIGHEST) >> _TOP


@kernel(inlined=True)
def pushes(lanes):
    """Return by how much a slot raises each level; lanes: its active ones."""
    return Levels(_bytes(lanes & np.uint64(255)), _bytes(lanes >> np.uint64(8)))


@kernel(inlined=True)
def pops(levels):
    """Return by how much a slot time lowers each level: by one if it is above zero."""
    low = ((levels.low + _OTHERS) & _HIGHEST) >> _TOP
    return Levels(low, ((levels.high + _OTHERS) & _HIGHEST) >> _TOP)


@kernel(inlined=True)
def count(changes):
    """Return how many levels change."""
    return popcount(changes.low) + popcount(changes.high)


@kernel(inlined=True)
def overflow(levels, pushed, depth):
    """Say whether a level that is raised is at the FIFOs' depth already."""
    near = _LOWEST * np.uint64(128 - depth)
    low = (levels.low + near) & (pushed.low << _TOP)
    return (low | ((levels.high + near) & (pushed.high << _TOP))) != 0


@kernel(inlined=True)
def lowered(levels, popped, times):
    """Return levels after pops; times: 1, or 0 to leave them as they are."""
    keep = np.uint64(0) - np.uint64(times)
    return Levels(levels.low - (popped.low & keep), levels.high - (popped.high & keep))


@kernel(inlined=True)
def raised(levels, pushed):
    """Return levels after pushes."""
    return Levels(levels.low + pushed.low, levels.high + pushed.high)


@kernel
def highest(levels):
    """Return the highest level of any lane."""
    most = np.uint64(0)
    for byte in range(0, 64, 8):
        shift = np.uint64(byte)
        most = max(most, (levels.low >> shift) & np.uint64(255))
        most = max(most, (levels.high >> shift) & np.uint64(255))
    return np.int64(most)
