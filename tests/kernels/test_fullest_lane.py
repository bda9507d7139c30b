"""The entries of each tile's fullest lane, against counting them one by one."""

from __future__ import annotations

import pytest
from packed_rows import one_tile, random_rows
from reference import schedulers

from pgsim.kernels.fullest_lane import fullest_lane


@pytest.mark.parametrize("seed", range(40))
def test_counts_equal_the_naive_ones(seed: int) -> None:
    rows = random_rows(seed)
    counts = fullest_lane(*rows.arguments)
    for tile, mask in rows.tiles:
        assert counts[tile] == schedulers.fullest_lane(mask)


def test_one_tile_by_hand() -> None:
    counts = fullest_lane(*one_tile("x.x", "...", ".xx", "xxx").arguments)
    assert counts.tolist() == [[[3]]]  # lanes hold 2, 2 and 3
