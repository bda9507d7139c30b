"""Levels of 16 FIFOs in two words, against a list of 16 numbers."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from inner_kernels import called

from pgsim.kernels import levels as module
from pgsim.kernels.levels import MOST_DEPTH, MOST_LANES, Levels

no_levels, pushes, pops = map(called, (module.no_levels, module.pushes, module.pops))
overflow, raised, lowered = map(called, (module.overflow, module.raised, module.lowered))
count = called(module.count)


def words(levels: Levels) -> Levels:
    """The same as kernels pass it on: Python knows no unsigned numbers."""
    return Levels(*(np.uint64(int(each) % 2**64) for each in levels))


def numbers(levels: Levels) -> list[int]:
    """The level of each lane, byte by byte."""
    return [int(word) >> byte & 255 for word in words(levels) for byte in range(0, 64, 8)]


@pytest.mark.parametrize("depth", [1, 3, MOST_DEPTH])
@pytest.mark.parametrize("seed", range(3))
def test_levels_go_up_and_down_lane_by_lane(seed: int, depth: int) -> None:
    """Step by step: a slot is pushed unless it overflows a lane, and then all lanes pop."""
    rng = Random(seed)
    own, levels, overflows = [0] * MOST_LANES, words(no_levels()), 0
    for _ in range(400):
        mask = rng.getrandbits(MOST_LANES) | rng.getrandbits(MOST_LANES)
        bits = [mask >> lane & 1 for lane in range(MOST_LANES)]
        pushed = words(pushes(np.uint64(mask)))
        assert numbers(pushed) == bits
        full = any(bit and level == depth for bit, level in zip(bits, own, strict=True))
        assert bool(overflow(levels, pushed, depth)) == full
        if not full:
            own = [level + bit for level, bit in zip(own, bits, strict=True)]
            levels = words(raised(levels, pushed))
        overflows += full
        times = int(full or rng.random() < 0.2)
        popped = words(pops(levels))
        assert numbers(popped) == [int(level > 0) for level in own]
        assert count(popped) == sum(level > 0 for level in own)
        own = [max(0, level - times) for level in own]
        levels = words(lowered(levels, popped, times))
        assert numbers(levels) == own
        assert module.highest(levels) == max(own)
    assert overflows


def test_the_highest_level_may_be_of_any_lane() -> None:
    """By hand: lane l has the level 5 among others of 4."""
    for lane in range(MOST_LANES):
        bytes_ = [5 if each == lane else 4 for each in range(MOST_LANES)]
        low, high = (int.from_bytes(bytes_[first : first + 8], "little") for first in (0, 8))
        assert module.highest(Levels(np.uint64(low), np.uint64(high))) == 5
