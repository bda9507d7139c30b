"""Shares, bursts and who fetches, against loops and by hand (M23)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from designs import linear
from jobs import job_of

from pgsim.model.fetches import FETCHES, bursts, first, usable_bits
from pgsim.model.fetches.fetch import by_lane_groups, shares
from pgsim.schemes import ACTIVATIONS, OPERANDS, WEIGHTS


def test_every_operand_has_its_fetch() -> None:
    assert list(FETCHES) == list(OPERANDS)
    assert all(FETCHES[name].operand is operand for name, operand in OPERANDS.items())


@pytest.mark.parametrize("seed", range(100))
def test_shares_are_cut_where_m23_says(seed: int) -> None:
    rng = Random(seed)
    parts = [rng.randint(1, 9) for _ in range(rng.choice((1, 2, 7)))]
    total = rng.choice((0, 1, rng.randrange(100), rng.randrange(2**20), 2**50 + rng.randrange(99)))
    whole, expected, begin = sum(parts), [], 0
    for part in parts:
        end = begin + part
        expected.append(total * end // whole - total * begin // whole)
        begin = end
    found = shares(total, np.array(parts)).tolist()
    assert found == expected
    assert sum(found) == total


def test_transfers_are_whole_bursts() -> None:
    job = job_of(linear(1, 1, 1))  # bursts of 16 bytes, 128 bits
    assert bursts(job, np.array([0, 1, 128, 129, 1280])).tolist() == [0, 1, 1, 2, 10]


@pytest.mark.parametrize(("doubled", "bits"), [(True, 4096), (False, 8192)])
def test_a_tile_may_use_half_of_a_doubled_buffer(doubled: bool, bits: int) -> None:
    changes = {
        "memory.double_buffered": doubled,
        "memory.weight_sram.kib": 1,
        "memory.weight_sram.banks": 8,
    }
    job = job_of(linear(1, 1, 1), changes=changes)
    assert usable_bits(job, WEIGHTS) == bits
    assert usable_bits(job, ACTIVATIONS) == 64 * bits  # 64 KiB


def test_what_is_resident_is_fetched_by_the_first_lane_group() -> None:
    assert first(3).tolist() == [1, 0, 0]
    job = job_of(linear(4, 1, 5))  # lane groups of 2, 2 and 1 channels
    fetched = np.array([7, 5])
    by_first = by_lane_groups(job, fetched, resident=True)
    assert by_first.tolist() == [[7, 5], [0, 0], [0, 0]]
    by_all = by_lane_groups(job, fetched, resident=False)
    assert np.broadcast_to(by_all, (3, 2)).tolist() == [[7, 5], [7, 5], [7, 5]]
