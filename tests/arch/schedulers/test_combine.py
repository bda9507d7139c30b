"""`combine`: issue slots that slots share (M12), and what they cost (M28, M29)."""

from __future__ import annotations

import numpy as np
import pytest
from mask_tiles import NO_RATES, mask_tiles
from packed_rows import one_tile, random_rows
from reference.schedulers import combine

from pgsim.arch.schedulers.combine import Combine


@pytest.mark.parametrize("seed", range(20))
def test_slots_that_share_no_lane_are_issued_together(seed: int) -> None:
    rows, ways, open_slots = random_rows(seed), 1 + seed % 4, 1 + seed % 5
    issued = Combine(ways, open_slots).issue(mask_tiles(rows, columns=4), NO_RATES)
    for tile, mask in rows.tiles:
        reference = combine(mask, ways, open_slots)
        assert issued.slots[tile] == len(reference.slots)
        assert issued.vectors[tile] == reference.vectors


def test_the_port_falls_behind_where_an_issue_slot_reads_two_vectors() -> None:
    # Slots 1 and 2 join, then slot 4 alone: 2 * 6 bits against 8, then 6 more against 8.
    tiles = mask_tiles(one_tile("x.", ".x", "..", "xx"), columns=2)
    issued = Combine(2, 2).issue(tiles, np.array([(1, 6, 8)]))
    assert issued.slots.tolist() == [[[2]]]
    assert [each.tolist() for each in issued.shortfall_bits] == [[[[4]]]]


@pytest.mark.parametrize(("columns", "most"), [(16, 4), (4, 4), (3, 3), (1, 1)])
def test_no_more_slots_share_than_ways_or_columns(columns: int, most: int) -> None:
    scheduler = Combine(ways=4, open=8)
    assert scheduler.label == "combine(4, 8)"
    assert scheduler.most_vectors(columns) == most
    assert scheduler.further_streams(columns) == most - 1


@pytest.mark.parametrize(
    ("ways", "columns", "word_bits"),
    [
        (4, 16, 4 * 8 + 16 * 2),  # an address for each way, 2 bits a lane say which
        (3, 16, 3 * 8 + 16 * 2),
        (2, 16, 2 * 8 + 16),
        (1, 16, 8),
        (8, 2, 2 * 8 + 2),  # two lanes share with no more than each other
    ],
)
def test_a_word_of_the_table(ways: int, columns: int, word_bits: int) -> None:
    scheduler = Combine(ways, 8)
    assert scheduler.table_word_bits(columns, address_bits=8) == word_bits
    assert scheduler.table_banks(columns) == 1
    active, entries = np.array([5]), np.array([9])
    assert scheduler.table_writes(active, entries).tolist() == [5]


def test_further_vectors_pass_all_columns() -> None:
    # 7 active slots in 4 issue slots: 3 vectors more, each past 16 columns; twice that in halves.
    counts = (np.array([each]) for each in (4, 7, 20))
    assert Combine(4, 8).further_half_vectors(*counts, 16).tolist() == [2 * 3 * 16]


def test_it_is_synthesized_for_16_lanes_and_8_open_slots() -> None:
    (module,) = Combine(4, 8).modules(16)
    assert module == "scheduler_combine_lanes_16_ways_4_open_8"
    assert Combine(4, 8).modules(16)[module] == 1
    assert Combine(2, 4).modules(8)[module] == 1 / 4
