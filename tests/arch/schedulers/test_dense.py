"""`dense`: every slot (M11), and no hardware for it (M29)."""

from __future__ import annotations

import numpy as np
import pytest
from mask_tiles import NO_RATES, mask_tiles, refuses_rows
from packed_rows import one_tile, random_rows

from pgsim.arch.schedulers.dense import Dense

DENSE = Dense()


@pytest.mark.parametrize("seed", range(10))
def test_every_slot_is_issued(seed: int) -> None:
    rows = random_rows(seed)
    issued = DENSE.issue(refuses_rows(mask_tiles(rows, columns=4)), NO_RATES)
    for tile, mask in rows.tiles:
        assert issued.slots[tile] == issued.vectors[tile] == len(mask)
    assert issued.shortfall_bits == ()


def test_the_port_falls_behind_slot_by_slot() -> None:
    # Four slots of 6 bits, of which 4 come until the next begins: 2 bits behind, then 4, 6, 8.
    tiles = mask_tiles(one_tile("x.", "..", ".x", ".."), columns=2)
    issued = DENSE.issue(tiles, np.array([(1, 6, 4)]))
    assert [each.tolist() for each in issued.shortfall_bits] == [[[[8]]]]


def test_there_is_no_scheduler_to_pay_for() -> None:
    assert (DENSE.label, DENSE.most_vectors(columns=16)) == ("dense", 1)
    assert DENSE.modules(columns=16) == {}
    assert DENSE.further_streams(columns=16) == 0
    assert DENSE.table_word_bits(columns=16, address_bits=8) == 0
    three = np.array([3])
    assert DENSE.further_half_vectors(three, three, three, 16).tolist() == [0]
