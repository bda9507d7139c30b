"""Slots that `combine` issues in windows of any order, against the stepped reference (M12)."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from reference.schedulers import combine

from pgsim.kernels.combine import Table
from pgsim.kernels.combine_in_order import combine_in_order


@pytest.mark.parametrize("lanes", [3, 16, 17, 64])
@pytest.mark.parametrize("seed", range(6))
def test_every_window_issues_what_the_reference_does(seed: int, lanes: int) -> None:
    """Some batches go one by one, and others abreast."""
    rng = Random(f"{seed} {lanes}")
    density, batches = rng.choice((0.05, 0.2, 0.5)), (1, 2, 3, 8, 9, 12)[seed]
    masks = [
        [[int(rng.random() < density) for _ in range(lanes)] for _ in range(40)]
        for _ in range(2 * batches)
    ]
    words = [[sum(bit << lane for lane, bit in enumerate(slot)) for slot in own] for own in masks]
    order = [rng.randrange(40) for _ in range(60)]  # some slots are in several windows
    bounds = [0, *sorted(rng.sample(range(1, 60), 4)), 60]
    ways, open_slots = rng.choice((1, 2, 4, 64)), rng.choice((1, 3, 8, 9))
    issued = combine_in_order(
        np.array(words, np.uint64).reshape(batches, 2, 40),
        np.array(order),
        np.array(bounds),
        Table(ways, open_slots),
        lanes,
    )
    windows = [order[begin:end] for begin, end in pairwise(bounds)]
    expected = [
        [len(combine([own[slot] for slot in window], ways, open_slots).slots) for window in windows]
        for own in masks
    ]
    assert issued.reshape(2 * batches, 5).tolist() == expected
