"""What all schedulers have in common, and the shortfall of slots alike."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from packed_rows import random_rates, shortfall

from pgsim.arch import LSB, SCHEDULERS, even_shortfalls
from pgsim.arch.section import configured


def test_the_kinds_of_m11() -> None:
    assert list(SCHEDULERS) == ["dense", "skip", "combine", "queue", "ideal"]
    assert all(kind.name == name and kind.description for name, kind in SCHEDULERS.items())


def test_a_scheduler_takes_its_own_keys() -> None:
    keys = LSB(scheduler="queue", ways=2, open=3, depth=5, scan=6)
    labels = {name: configured(kind, keys).label for name, kind in SCHEDULERS.items()}
    assert labels == {
        "dense": "dense",
        "skip": "skip",
        "combine": "combine(2, 3)",
        "queue": "queue(5, 6)",
        "ideal": "ideal",
    }


def test_sums_stay_in_their_rows_where_slots_keep_apart() -> None:
    # M22: under `dense` and `skip`; and every scheduler but `dense` saves slots.
    apart = [name for name, kind in SCHEDULERS.items() if kind.keeps_slots_apart]
    packing = [name for name, kind in SCHEDULERS.items() if kind.packs]
    assert apart == ["dense", "skip"]
    assert packing == ["skip", "combine", "queue", "ideal"]


@pytest.mark.parametrize("seed", range(200))
def test_slots_that_read_alike_fall_behind_first_or_last(seed: int) -> None:
    rng = Random(seed)
    rates, slots = random_rates(rng), rng.randint(1, 50)
    found = even_shortfalls(np.array([[[slots]]]), rates)
    expected = [shortfall([1] * slots, rate) for rate in rates.tolist()]
    assert [int(each.item()) for each in found] == expected
