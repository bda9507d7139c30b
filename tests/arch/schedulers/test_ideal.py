"""`ideal`: entries packed without a gap (M11), a bound priced as `skip` (M28)."""

from __future__ import annotations

import numpy as np
import pytest
from mask_tiles import mask_tiles, refuses_rows
from packed_rows import random_rows

from pgsim.arch.schedulers.ideal import Ideal
from pgsim.arch.schedulers.skip import Skip

IDEAL = Ideal()


@pytest.mark.parametrize("seed", range(20))
def test_entries_fill_whole_slots(seed: int) -> None:
    rows, columns = random_rows(seed), 1 + seed % 7
    tiles = refuses_rows(mask_tiles(rows, columns))
    issued = IDEAL.issue(tiles, np.array([(1, 6, 4)]))
    for tile, mask in rows.tiles:
        left, slots = sum(map(sum, mask)), 0
        while left > 0:
            slots, left = slots + 1, left - columns
        assert issued.slots[tile] == slots
        assert issued.vectors[tile] == sum(any(slot) for slot in mask)
    assert issued.shortfall_bits == ()


def test_no_port_limits_it() -> None:
    assert (IDEAL.label, IDEAL.most_vectors(columns=16)) == ("ideal", 0)


def test_it_is_priced_as_skip() -> None:
    skip = Skip()
    assert IDEAL.modules(16) == skip.modules(16) == {"scheduler_skip_lanes_16": 1}
    assert IDEAL.table_word_bits(16, 8) == skip.table_word_bits(16, 8) == 8
    assert IDEAL.further_streams(16) == 0
