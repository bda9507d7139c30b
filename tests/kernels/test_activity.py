"""Active slots and entries of tiles, against counting them one by one."""

from __future__ import annotations

import pytest
from packed_rows import one_tile, random_rows
from reference.schedulers import active_entries, active_slots

from pgsim.kernels.activity import activity


@pytest.mark.parametrize("seed", range(40))
def test_counts_equal_the_naive_ones(seed: int) -> None:
    rows = random_rows(seed)
    counts = activity(*rows.arguments)
    for tile, mask in rows.tiles:
        assert tuple(counts[tile]) == (len(active_slots(mask)), len(active_entries(mask)))


def test_one_tile_by_hand() -> None:
    counts = activity(*one_tile("x.x", "...", ".x.", "xxx").arguments)
    assert counts.tolist() == [[[[3, 6]]]]  # three slots are active, with 2 + 1 + 3 entries
