"""The turns of the fixed order, window by window: a plain count of each says the same (M25)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from pgsim.kernels.fixed_turns import LaneGroups, Run, Windows, cycles_of_turns


def drawn(rng: Random) -> tuple[Windows, LaneGroups, Run]:
    """Some sizes of windows on up to four lane groups, with a last window or none."""
    sizes, groups = rng.randint(1, 4), rng.randint(1, 4)

    def some(*shape: int) -> np.ndarray:
        return np.array([rng.randint(0, 9) for _ in range(int(np.prod(shape)))]).reshape(shape)

    often = np.array(
        [[rng.randint(1, 5) for _ in range(sizes)], [rng.randint(0, 1) for _ in range(sizes)]]
    )
    lanes = LaneGroups(some(groups), some(groups) > 4, some(2, groups, sizes), rng.random() < 0.5)
    speed = (rng.randint(1, 5), rng.randint(1, 3))
    return Windows(often, some(2, sizes), some(2, sizes)), lanes, Run(rng.randint(1, 4), 4, *speed)


def plain(windows: Windows, lanes: LaneGroups, run: Run, size: int) -> int:
    """The tiles in their order, and for each what it moves and for how long the array works."""
    whole, last = windows.often[:, size].tolist()
    kinds = [0] * whole + [1] * last
    reads, writes, works = [], [], []
    for _ in range(run.groups):
        for group, weights in enumerate(lanes.read.tolist()):
            for window, kind in enumerate(kinds):
                own = weights if window == 0 or not lanes.once[group] else 0
                comes = group == 0 or not lanes.resident
                reads.append(own + (int(windows.read[kind, size]) if comes else 0))
                writes.append(int(lanes.written[kind, group, size]))
                works.append(int(windows.work[kind, size]))
    works[-1] += run.skew_cycles

    def moves(bursts: int) -> int:
        return -(-bursts * run.burst_numerator // run.burst_denominator)

    turns = zip(works, [*reads[1:], 0], [0, *writes[:-1]], strict=True)
    cycles = sum(max(work, moves(read + write)) for work, read, write in turns)
    return moves(reads[0]) + cycles + moves(writes[-1])


@pytest.mark.parametrize("seed", range(100))
def test_turns_take_as_long_as_if_each_is_counted(seed: int) -> None:
    windows, lanes, run = drawn(Random(seed))
    expected = [plain(windows, lanes, run, size) for size in range(windows.often.shape[1])]
    assert cycles_of_turns(windows, lanes, run).tolist() == expected
