"""How long a tile waits for its ports, by hand (M40, M43)."""

from __future__ import annotations

import pytest
from plain_python import in_plain_python
from point_nests import machine, point_loops, problem, tables

from pgsim.kernels import nest_waits
from pgsim.kernels.nest_problem import DEADLINES, ENDS, FINISHED, LANE_BITS, STALLS, Problem
from pgsim.kernels.nest_waits import Sums

PLACE, TILE = (0, 0), (5, 3)  # 15 outputs
OPENS, LEAVES, ONLY = Sums(True, False, False), Sums(False, True, False), Sums(True, True, True)
MIDDLE = Sums(False, False, False)


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_waits)


def a_problem(deadlines: int = 1, *, finished: bool = False) -> Problem:
    """Two passes of 10 and 20 cycles that visit each sum of 7 bits once and three times.

    They wait 1 and 2 cycles for slot operands. Of sums 10 bits move in a cycle, of lane operands 4.
    Outputs have 2 bits.
    """
    of_tiles = tables([1], [1], passes=2, deadlines=deadlines)
    of_tiles.tiles[STALLS, :, 0, 0] = 1, 2
    of_tiles.chunks[0, LANE_BITS + 2 : LANE_BITS + 4] = 1, 3  # behind the lane bits of both passes
    of_tiles.slots[FINISHED] = finished
    if deadlines:
        of_tiles.waits[ENDS, :, 0, 0] = 10, 20
    own = problem(point_loops((1, 1, 1, 1, 1), (1, 1, 1, 1, 1)), of_tiles)
    widths = own.widths._replace(sums=7)
    ports = machine(output_cycle_bits=10, lane_cycle_bits=4, columns=3)
    return own._replace(widths=widths, output_bits=2, machine=ports)


def stalls(own: Problem, index: int, sums: Sums, loads: bool = False) -> int:
    return int(nest_waits.stalls_of(own, index, PLACE, TILE, sums, loads))


def test_where_other_ports_are_not_waited_for_slot_operands_alone_are() -> None:
    assert [stalls(a_problem(0), index, ONLY, loads=True) for index in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("index", "sums", "late"),
    [
        # Each visit reads 15 sums of 7 bits and writes them: 210 bits, 21 cycles.
        (0, MIDDLE, 21 - 10),
        (0, OPENS, 11 - 10),  # the first visit only writes: 105 bits in 10.5 cycles
        (0, LEAVES, 21 - 10),  # they leave after the last pass
        (1, MIDDLE, 63 - 20),
        (1, OPENS, 63 - 20),
        (1, LEAVES, 74 - 20),  # 735 bits: read once more
        (1, ONLY, 74 - 20),
    ],
)
def test_sums_move_through_the_ports_of_their_buffer(index: int, sums: Sums, late: int) -> None:
    assert stalls(a_problem(), index, sums) == late


def test_sums_that_are_finished_in_the_array_are_written_and_read_once() -> None:
    """15 outputs of 2 bits, twice, are 60 bits: 6 cycles of 20. Slot operands are later."""
    own = a_problem(finished=True)
    assert [stalls(own, index, ONLY) for index in range(2)] == [1, 2]
    slow = own._replace(machine=machine(output_cycle_bits=2))  # 30 cycles
    assert [stalls(slow, index, ONLY) for index in range(2)] == [1, 10]
    assert stalls(slow, 1, MIDDLE) == 15 * 7 * 6 // 2 - 20  # but of several C blocks


def test_lane_operands_have_deadlines() -> None:
    """Of 3 lanes: 3 * 8 bits by cycle 5 are a cycle late, 3 * 40 by 20 are 10."""
    own = a_problem(deadlines=2)
    own = own._replace(machine=own.machine._replace(output_cycle_bits=1000))
    own.tables.waits[DEADLINES, 0, 0, 0], own.tables.waits[DEADLINES + 1, 0, 0, 0] = 8, 5
    assert [stalls(own, 0, MIDDLE, loads) for loads in (False, True)] == [1, 1]
    own.tables.waits[DEADLINES + 2, 0, 0, 0], own.tables.waits[DEADLINES + 3, 0, 0, 0] = 40, 20
    assert [stalls(own, 0, MIDDLE, loads) for loads in (False, True)] == [1, 10]


def test_no_tile_of_so_many_slots_waits_longer() -> None:
    """Of all columns, whose sums have been there, leave, and whose operands are read.

    As above, sums are 21 - 10 cycles late in the first pass and 74 - 20 in the second.
    """
    own = a_problem(deadlines=1)
    assert nest_waits.longest_stalls(own, 0, PLACE, 5) == 11
    assert nest_waits.longest_stalls(own, 1, PLACE, 5) == 54
    own.tables.waits[DEADLINES, 1, 0, 0], own.tables.waits[DEADLINES + 1, 1, 0, 0] = 100, 5
    assert nest_waits.longest_stalls(own, 1, PLACE, 5) == 100 * 3 // 4 - 5
