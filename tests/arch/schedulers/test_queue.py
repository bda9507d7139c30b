"""`queue`: slot times of FIFOs (M13), and what they cost (M28, M29)."""

from __future__ import annotations

import numpy as np
import pytest
from mask_tiles import NO_RATES, mask_tiles
from packed_rows import one_tile, random_rows
from reference.schedulers import queue

from pgsim.arch.schedulers.queue import Queue


@pytest.mark.parametrize("seed", range(20))
def test_lanes_drain_their_fifos(seed: int) -> None:
    rows, depth, scan = random_rows(seed), 1 + seed % 4, 1 + seed % 5
    issued = Queue(depth, scan).issue(mask_tiles(rows, columns=4), NO_RATES)
    for tile, mask in rows.tiles:
        reference = queue(mask, depth, scan)
        assert issued.slots[tile] == len(reference.slots)
        assert issued.vectors[tile] == reference.vectors


def test_the_port_falls_behind_where_two_lanes_pop() -> None:
    # Both lanes pop in the first slot time, lane 0 in the second: 12 bits against 8, then 18
    # against 16.
    tiles = mask_tiles(one_tile("x.", ".x", "..", "x."), columns=2)
    issued = Queue(2, 4).issue(tiles, np.array([(1, 6, 8)]))
    assert issued.slots.tolist() == [[[2]]]
    assert [each.tolist() for each in issued.shortfall_bits] == [[[[4]]]]


def test_each_lane_reads_a_vector_of_its_own() -> None:
    scheduler = Queue(16, 4)
    assert scheduler.label == "queue(16, 4)"
    assert scheduler.most_vectors(columns=16) == 16
    # 16 streams of which stream k ends at column k: 136 columns, of which the first's 16 are there.
    assert scheduler.further_streams(columns=16) == (136 - 16) / 16


def test_the_table_has_a_bank_a_lane() -> None:
    scheduler = Queue(16, 4)
    assert scheduler.table_banks(columns=16) == 16
    assert scheduler.table_word_bits(columns=16, address_bits=8) == 8
    active, entries = np.array([5]), np.array([9])
    assert scheduler.table_writes(active, entries).tolist() == [9]


def test_further_vectors_end_half_way_on_average() -> None:
    # 16 columns, 20 entries: 20 * 8.5 columns, of which 4 issue slots' 64 are there: 106 in all.
    counts = (np.array([each]) for each in (4, 7, 20))
    assert Queue(16, 4).further_half_vectors(*counts, 16).tolist() == [2 * 106]
    # 3 entries in 3 slot times of 2 columns pass 4.5 columns, fewer than 6: no further ones.
    counts = (np.array([each]) for each in (3, 3, 3))
    assert Queue(16, 4).further_half_vectors(*counts, 2).tolist() == [0]


def test_it_is_synthesized_for_16_lanes() -> None:
    assert Queue(16, 4).modules(8) == {"scheduler_queue_lanes_16_depth_16_scan_4": 1 / 2}
