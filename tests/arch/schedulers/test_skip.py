"""`skip`: slots with an active lane (M11), and what it costs for each lane (M28, M29)."""

from __future__ import annotations

import numpy as np
import pytest
from mask_tiles import NO_RATES, mask_tiles, refuses_rows
from packed_rows import one_tile, random_rows

from pgsim.arch.schedulers.skip import Skip

SKIP = Skip()


@pytest.mark.parametrize("seed", range(20))
def test_active_slots_are_issued(seed: int) -> None:
    rows = random_rows(seed)
    issued = SKIP.issue(refuses_rows(mask_tiles(rows, columns=4)), NO_RATES)
    for tile, mask in rows.tiles:
        assert issued.slots[tile] == issued.vectors[tile] == sum(any(slot) for slot in mask)


def test_only_active_slots_need_the_port() -> None:
    # Two of four slots, each 6 bits against 4: 2 bits behind, then 4.
    tiles = mask_tiles(one_tile("x.", "..", ".x", ".."), columns=2)
    issued = SKIP.issue(tiles, np.array([(1, 6, 4)]))
    assert [each.tolist() for each in issued.shortfall_bits] == [[[[4]]]]


def test_a_slot_is_one_vector_and_one_word_of_the_table() -> None:
    assert (SKIP.label, SKIP.most_vectors(columns=16)) == ("skip", 1)
    assert SKIP.further_streams(columns=16) == 0
    assert SKIP.table_banks(columns=16) == 1
    assert SKIP.table_word_bits(columns=16, address_bits=8) == 8
    active, entries = np.array([5]), np.array([9])
    assert SKIP.further_half_vectors(active, active, entries, 16).tolist() == [0]
    assert SKIP.table_writes(active, entries).tolist() == [5]


def test_it_is_synthesized_for_16_lanes() -> None:
    assert SKIP.modules(columns=16) == {"scheduler_skip_lanes_16": 1}
    assert SKIP.modules(columns=4) == {"scheduler_skip_lanes_16": 1 / 4}
