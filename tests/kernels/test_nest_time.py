"""Cycles and bursts of the blocks of a small nest, by hand from the rules (M18, M25, M40).

Nests of any layer are compared with the ledgers of their simulation in test_nest_cost.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import ENDLESS, ORDER, PICKS, machine, point_loops, problem, tables

from pgsim.kernels import nest_time, nest_value, nest_waits
from pgsim.kernels.nest_cost import Most, Traffic
from pgsim.kernels.nest_problem import CYCLES, FOLDS, STALLS, Problem

PKC = np.array([0, 2, 1, 3, 4])  # rows, then channels, then input channels: others are one block


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_time, nest_value, nest_waits)


def a_problem(rows: int = 3, burst_cycles: int = 5, channels: int = 1, **turns: Any) -> Problem:
    """Rows one by one, each a burst of activations and one of outputs; 12 cycles for each block.

    Three cycles later the sums have left the array.
    """
    of_tiles = tables([1], [1])
    of_tiles.tiles[CYCLES] = of_tiles.tiles[FOLDS] = 12
    loops = point_loops((1, rows, 1, channels, 1), (1, 1, 1, channels, 1))
    return problem(
        loops,
        of_tiles,
        machine=machine(burst_numerator=burst_cycles),
        order=ORDER._replace(skew_cycles=3, **turns),
    )


def traffic_of(own: Problem, *, stretch: int = 0) -> Traffic:
    """The weights come with the first row and are held."""
    trips = own.loops.parts[1, :, 0] + own.loops.parts[3, :, 0]
    factors = np.ones((3, 5, max(trips)), np.int64)
    factors[1, 1, 1:] = 0
    factors[1, 3] = factors[2, 3] = own.loops.blocks[3]
    return Traffic(PICKS, trips, factors, False, stretch)


def run(
    own: Problem, traffic: Traffic | None = None, left: int = 0, **most: int
) -> tuple[int, list[int]]:
    """Cycles, and bursts of activations, weights, sums and outputs.

    left: what the array is known to work at least.
    """
    moved = np.zeros(4, np.int64)
    limits = Most(**{"cycles": ENDLESS, "wasted_bits": ENDLESS} | most)
    if traffic is None:
        traffic = traffic_of(own)
    cycles = nest_time.run_cycles(own, PKC, traffic, left, limits, moved)
    return int(cycles), moved.tolist()


def test_a_fast_dram_is_waited_for_at_both_ends_alone() -> None:
    """10 cycles for the first row and the weights, three blocks, the skew, the last row's 5."""
    assert run(a_problem()) == (10 + 3 * 12 + 3 + 5, [3, 1, 0, 3])


def test_a_slow_dram_is_waited_for_between_blocks() -> None:
    """Bursts of 9: beside the first block moves one, beside the second two, which take 18.

    Beside the last, of 12 and 3 cycles, moves one.
    """
    assert run(a_problem(burst_cycles=9))[0] == 18 + 12 + 18 + 15 + 9


@pytest.mark.parametrize("rows", [4, 5, 1000])
def test_blocks_that_repeat_take_as_long_again(rows: int) -> None:
    """All blocks between the first and the last are alike."""
    assert run(a_problem(rows)) == (10 + rows * 12 + 3 + 5, [rows, 1, 0, rows])
    slow = 18 + 12 + (rows - 2) * 18 + 15 + 9
    assert run(a_problem(rows, burst_cycles=9)) == (slow, [rows, 1, 0, rows])


@pytest.mark.parametrize("groups", [2, 3, 4, 1000])
def test_groups_go_on_one_after_the_other(groups: int) -> None:
    """Beside the last block of each move the next one's first row and weights, and a row out.

    These take 15 cycles, as long as the last block of all with its skew. With bursts of 9 they take
    27, and what moves beside any other block 18; beside the first of all no row leaves.
    """
    own = a_problem()
    own = own._replace(machine=own.machine._replace(groups=groups))
    moved = [3 * groups, groups, 0, 3 * groups]
    assert run(own) == (10 + groups * (12 + 12 + 15) + 5, moved)
    own = own._replace(machine=own.machine._replace(burst_parts=9))
    first, between = 12 + 18 + 27, 18 + 18 + 27
    assert run(own) == (18 + first + (groups - 2) * between + 18 + 18 + 15 + 9, moved)


@pytest.mark.parametrize("place", [1, 3, 6])
def test_a_block_unlike_the_others_is_not_skipped(place: int) -> None:
    """Of eight rows, one is of five bursts: beside the block before it move 5 and a burst written.

    They take 6 * 5 in place of 12 cycles; beside the first block nothing is written.
    """
    own = a_problem(8)
    traffic = traffic_of(own)
    traffic.factors[0, 1, place] = 5
    waits = (5 if place == 1 else 6) * 5 - 12
    assert run(own, traffic) == (10 + 8 * 12 + waits + 3 + 5, [12, 1, 0, 8])


def test_with_one_buffer_nothing_is_hidden() -> None:
    """10, then thrice the block, the skew and 5 to write, and 5 between two."""
    assert run(a_problem(one_buffer=True))[0] == 10 + 3 * (12 + 3 + 5) + 2 * 5


@pytest.mark.parametrize(("burst_cycles", "over"), [(5, 10 + 36 + 3), (20, 40 + 4 * 20)])
def test_what_runs_ahead_is_waited_for_at_the_end(burst_cycles: int, over: int) -> None:
    """Beside the blocks move two rows in and two out; the last one leaves behind them."""
    assert run(a_problem(burst_cycles=burst_cycles, run_ahead=True))[0] == over + burst_cycles


def test_a_fold_waits_for_the_buses_of_the_one_before() -> None:
    """They bring its operands in 20 cycles from its first step on, of which it works 12."""
    assert run(a_problem(bus_cycles=20))[0] == 10 + 20 + 20 + 12 + 3 + 5


def test_buses_that_drain_begin_when_a_fold_ends() -> None:
    """A fold ends 20 cycles after the one before: sums of 12 leave behind its last step."""
    assert run(a_problem(bus_cycles=20, drains=True))[0] == 10 + 12 + 20 + 20 + 3 + 5


def test_operands_that_stay_keep_no_bus_busy() -> None:
    """Only the first block of the stretch of three takes the buses."""
    own = a_problem(bus_cycles=20)
    assert run(own, traffic_of(own, stretch=3))[0] == 10 + 36 + 3 + 5
    assert run(own, traffic_of(own, stretch=2))[0] == 10 + 36 + 3 + 5  # they are free by the third
    assert run(own, traffic_of(own, stretch=1)) == run(own)


def test_lane_groups_come_one_after_the_other() -> None:
    """Five channels on two columns are three; they have five bursts of weights and of outputs."""
    own = a_problem(channels=5)
    own = own._replace(machine=own.machine._replace(columns=2, burst_parts=1))
    assert run(own) == ((1 + 5) + 3 * 36 + 3 + 5, [3, 5, 0, 15])


def test_ports_that_are_late_stop_the_array() -> None:
    """Two cycles in each of three blocks of three lane groups."""
    own = a_problem(channels=5)
    own.tables.tiles[STALLS] = 2
    own = own._replace(machine=own.machine._replace(columns=2, burst_parts=1))
    assert run(own)[0] == (1 + 5) + 3 * 3 * (12 + 2) + 3 + 5


@pytest.mark.parametrize(("spills", "bursts"), [(False, [6, 6, 0, 3]), (True, [6, 6, 3, 6])])
def test_sums_that_lack_input_channels_leave_only_where_they_spill(
    spills: bool, bursts: list[int]
) -> None:
    """Two input channels for each of three rows: all sums but the last leave and come back."""
    own = a_problem()._replace(loops=point_loops((1, 3, 1, 1, 2), (1, 1, 1, 1, 1)))
    factors = np.ones((3, 5, 3), np.int64)
    traffic = Traffic(PICKS, np.array([1, 3, 1, 1, 2]), factors, spills, 0)
    assert run(own, traffic)[1] == bursts


def test_counting_ends_where_a_run_takes_more() -> None:
    """54 cycles, as above, of which the array works 36; bursts of 4 bits waste 3: 7 of them, 21.

    Counting ends with a cycle more than there may be.
    """
    own = a_problem()
    assert run(own, left=36, cycles=54)[0] == 54
    for few in (50, 40, 10):
        assert run(own, left=36, cycles=few)[0] == few + 1
    own = own._replace(widths=own.widths._replace(burst=4))
    assert run(own, wasted_bits=21)[0] == 54
    assert run(own, wasted_bits=20)[0] == ENDLESS + 1
