"""What tiles of windows of several sizes add up to, tile by tile in plain Python (M22, M41)."""

from __future__ import annotations

from itertools import product
from math import ceil

import numpy as np
import pytest

from pgsim.kernels.nest_issued import SUMS, Scheduled, Takes, sums_of_sizes


@pytest.mark.parametrize("seed", range(4))
def test_sums_are_those_of_every_tile(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batches, lanes, slots = 2, rng.integers(1, 5, 3), rng.integers(1, 7, 5)
    shape = (batches, 3, 5)
    scheduled = Scheduled(*(rng.integers(0, slots + 1, shape) for _ in range(4)))
    begins = np.array([0, 2])
    takes = Takes(
        cycles=rng.permutation(7),
        loads=np.array([np.arange(7), np.arange(7) + 1]),
        leading=1,
        lane_bits=np.array([5, 3]),
        lane_port_bits=8,
        sum_port_bits=16,
        entry_bits=9,
        output_bits=11,
    )
    found = sums_of_sizes(scheduled, lanes, slots, begins, takes)
    for size, windows in enumerate((range(2), range(2, 5))):
        expected = dict.fromkeys(SUMS, 0)
        for batch, group, window in product(range(batches), range(3), windows):
            issued, vectors, active, entries = (each[batch, group, window] for each in scheduled)
            outputs = lanes[group] * slots[window]
            expected["cycles"] += takes.cycles[issued]
            expected["slots"] += issued
            expected["vectors"] += vectors
            expected["active"] += active
            expected["scanned"] += slots[window]
            expected["lane_words"] += ceil((issued + 1) * lanes[group] * 3 / 8)
            leading = slots[window] * lanes[group] * 5
            expected["lane_bits"] += ceil(leading / 8) * 8 - leading
            sums = outputs * 11 + entries * 9
            expected["sum_bits"] += ceil(sums / 16) * 16 - sums
            if (group, window) == (2, windows[-1]):
                expected["last_cycles"] += takes.cycles[issued]
        assert found[:, size].tolist() == [expected[name] for name in SUMS]
