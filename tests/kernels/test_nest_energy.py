"""Words of the blocks of a small nest, counted by hand (M22, M28, M40).

Nests of any layer are compared with the ledgers of their simulation in test_nest_cost.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import PICKS, machine, point_loops, problem, tables

from pgsim.kernels import nest_energy
from pgsim.kernels.nest_cost import Traffic
from pgsim.kernels.nest_problem import (
    BUSY_PJ,
    FINISHED,
    KEPT_PJ,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    READ_PJ,
    SLOT_PJ,
    SLOT_WORDS,
    VISITS,
    WRITE_PJ,
    Problem,
)

PORTS = machine(columns=2, lane_port_bits=32, output_port_bits=64)


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_energy)


def a_problem(in_channels: int = 3, **of_machine: Any) -> Problem:
    """Four rows and three channels, in lane groups of 2 and 1, and input channels in blocks of 2.

    Lane operands have 8 bits for each input channel, read once, and three times by a block of 1.
    """
    of_tiles = tables([1, 2], [4])
    of_tiles.chunks[:, VISITS] = 1
    of_tiles.chunks[:, LANE_BITS] = 8, 16
    of_tiles.tiles[LOADS, 0, :, 0] = 3, 1
    of_tiles.slots[SLOT_WORDS, :, 0] = 3, 6
    loops = point_loops((1, 4, 1, 3, in_channels), (1, 4, 1, 3, 2))
    own = problem(loops, of_tiles, machine=PORTS._replace(**of_machine), output_bits=8)
    return own._replace(widths=own.widths._replace(sums=32))


def counted(own: Problem, price: int, *, spills: bool = False, stretch: int = 0) -> float:
    """How many there are of what has this price: it costs 1 pJ, and nothing else does."""
    pj = np.zeros(BUSY_PJ + 1)
    pj[price] = 1
    own = own._replace(prices=own.prices._replace(pj=pj))
    trips = own.loops.parts[1, :, 0] + own.loops.parts[3, :, 0]
    traffic = Traffic(PICKS, trips, np.ones((3, 5, 1), np.int64), spills, stretch)
    return float(nest_energy.spent_pj(own, PICKS, traffic))


def test_what_pes_spend_is_that_of_a_batch() -> None:
    """However many groups and runs it has."""
    assert counted(a_problem(groups=2, runs=3), BUSY_PJ) == 1


def test_slot_operands_are_read_for_each_lane_group() -> None:
    assert counted(a_problem(), SLOT_PJ) == 2 * (6 + 3)


def test_lane_operands_are_read_in_words_of_their_lanes() -> None:
    """Of 2 and 1 lanes: 32 and 16 bits are a word each, 3 * 16 are 2, and 3 * 8 are 1."""
    assert counted(a_problem(), LANE_PJ) == 1 + 1 + 2 + 1


def test_lane_operands_that_stay_are_read_once_in_a_stretch() -> None:
    """Of one block of 2 input channels: a word of each lane group, for six blocks together."""
    assert counted(a_problem(2), LANE_PJ, stretch=6) == pytest.approx(2 / 6)


def test_sums_are_written_by_each_block_and_read_by_all_but_the_first() -> None:
    """Of 8 and 4 outputs, 256 and 128 bits: 4 and 2 words. What is finished is read to leave."""
    assert counted(a_problem(), WRITE_PJ) == 2 * (4 + 2)
    assert counted(a_problem(), READ_PJ) == 2 * (4 + 2)


def test_sums_that_leave_are_read_after_every_block() -> None:
    """Of three blocks, the middle one reads what it adds to, and what leaves after it."""
    assert counted(a_problem(6), WRITE_PJ, spills=True) == 3 * (4 + 2)
    assert counted(a_problem(6), READ_PJ) == (0 + 1 + 2) * (4 + 2)
    assert counted(a_problem(6), READ_PJ, spills=True) == (1 + 2 + 2) * (4 + 2)


def test_sums_that_are_finished_in_the_array_have_the_bits_of_outputs() -> None:
    """Of one block: 8 and 4 outputs of 8 bits are a word each; as sums they would be 4 and 2.

    Of two blocks, no sum is finished after the first: all are as above.
    """
    own = a_problem(2)
    assert [counted(own, each) for each in (WRITE_PJ, READ_PJ)] == [4 + 2, 4 + 2]
    own.tables.slots[FINISHED] = 1
    assert [counted(own, each) for each in (WRITE_PJ, READ_PJ)] == [1 + 1, 1 + 1]
    own = a_problem()
    own.tables.slots[FINISHED] = 1
    assert [counted(own, each) for each in (WRITE_PJ, READ_PJ)] == [2 * (4 + 2)] * 2


@pytest.mark.parametrize("in_channels", [2, 3, 6])
def test_outputs_that_stay_on_chip_are_written_there_once(in_channels: int) -> None:
    """8 and 4 outputs of 8 bits in words of 24: 3 and 2, whatever the input channels."""
    own = a_problem(in_channels, kept_port_bits=24)
    assert counted(own, KEPT_PJ) == pytest.approx(3 + 2)
    assert counted(a_problem(in_channels), KEPT_PJ) == 0


def test_blocks_of_all_sizes_count() -> None:
    """Seven rows in blocks of 4 and 3, whose slots take 4 and 5 words."""
    own = a_problem()
    loops = point_loops((1, 7, 1, 3, 2), (1, 4, 1, 3, 2))
    of_tiles = tables([2], [3, 4])
    of_tiles.slots[SLOT_WORDS, 0] = 5, 4
    own = own._replace(loops=loops, tables=of_tiles)
    assert counted(own, SLOT_PJ) == 2 * (4 + 5)


def test_channels_may_be_the_slots() -> None:
    """Three channels are slots then, and four rows two full lane groups."""
    own = a_problem(2, slot_side=1, lane_side=0)
    of_tiles = tables([2], [3])
    of_tiles.chunks[:, LANE_BITS] = 16
    of_tiles.tiles[LOADS] = 1
    of_tiles.slots[SLOT_WORDS] = 5
    own = own._replace(tables=of_tiles)
    assert counted(own, SLOT_PJ) == 2 * 5
    assert counted(own, LANE_PJ) == 2 * 1
