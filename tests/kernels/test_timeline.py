"""When passes and turns begin and end, against a list of all folds (M17 to M19, M21, M25)."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from stepped_turns import (
    Folds,
    Machine,
    Moved,
    Passes,
    array_cycles,
    events,
    naive,
    single,
    taken,
    ungated,
)

from pgsim.kernels.timeline import stood
from pgsim.kernels.turns import Order, Transfers, Work


def random_machine(rng: Random, passes: int, tiles: int) -> Machine:
    dataflow = rng.choice(("os", "ws", "bitfusion"))
    stay = dataflow != "os" and rng.random() < 0.5
    gated = passes > 1 and rng.random() < 0.7
    one_buffer = rng.random() < 0.5
    return Machine(
        dataflow=dataflow,
        rows=rng.choice((1, 4, 10)),
        skew=rng.choice((0, 1, 6, 30)),
        gate_latency=rng.choice((0, 0, 1, 3)),
        stay=stay,
        segment_tiles=rng.choice((1, 2, tiles)) if stay else tiles,
        leading=rng.randint(1, max(1, passes - 1)),
        gated=gated,
        interleaved=not one_buffer and rng.random() < 0.8,
        one_buffer=one_buffer,
        ports_ahead=rng.random() < 0.5,
    )


def random_passes(rng: Random, machine: Machine, passes: int, tiles: int) -> Passes:
    """Folds of every pass and tile; only those behind a gate may issue nothing."""
    longest, most = rng.choice((3, 40)), 1 if machine.stay else rng.choice((1, 3))
    folds = rng.randint(1, most)  # M18: what stays has one fold
    leading = machine.leading if machine.gated else passes

    def one(index: int) -> Folds:
        count = rng.choice((0, folds)) if index >= leading else folds
        return Folds(count, rng.randint(1, longest), rng.choice((0, 0, 1, 9)) if count else 0)

    return [[one(index) for _ in range(tiles)] for index in range(passes)]


class Drawn(NamedTuple):
    """A machine, and the passes, transfers and demands of some runs on it."""

    machine: Machine
    runs: list[Passes]
    moved: list[list[Moved]]
    demand: list[list[int]]


def drawn(rng: Random) -> Drawn:
    tiles, passes = rng.randint(1, 8), rng.choice((1, 2, 2, 3, 4))
    machine = random_machine(rng, passes, tiles)
    runs = [random_passes(rng, machine, passes, tiles) for _ in range(rng.choice((1, 2)))]
    turns = tiles + int(machine.order(passes).interleaved)
    slow = rng.choice((0, 5, 60))
    moved = [[Moved(*(rng.randint(0, slow) for _ in range(3))) for _ in range(turns)] for _ in runs]
    late = rng.choice((0, 0, 10, 80))
    demand = [[rng.choice((0, late)) for _ in range(tiles)] for _ in runs]
    return Drawn(machine, runs, moved, demand)


@pytest.mark.parametrize("seed", range(400))
def test_events_equal_those_of_the_folds(seed: int) -> None:
    machine, runs, moved, demand = drawn(Random(seed))
    found = events(machine, runs, moved, demand)
    for run, own in enumerate(runs):
        expected = naive(machine, own, moved[run], demand[run])
        assert found.pass_begins[:, run].tolist() == expected["pass_begins"]
        assert found.pass_ends[:, run].tolist() == expected["pass_ends"]
        assert found.port_stall_cycles[:, run].tolist() == expected["port_stall_cycles"]
        assert found.turn_begins[run].tolist() == expected["turn_begins"]
        assert found.turn_ends[run].tolist() == expected["turn_ends"]
        assert found.demand_begins[run].tolist() == expected["demand_begins"]
        assert found.demand_waits[run].tolist() == expected["demand_waits"]
        assert found.ends[run] == expected["ends"]


@pytest.mark.parametrize("seed", range(40))
def test_blocks_wait_as_each_of_their_runs_does(seed: int) -> None:
    rng = Random(seed)
    blocks = [drawn(rng) for _ in range(rng.randint(1, 4))]
    every = [taken(*each) for each in blocks]
    cycles, waits, both = [], [], []
    for machine, runs, moved, demand in blocks:
        for run, own in enumerate(runs):
            expected = naive(machine, own, moved[run], demand[run])
            turns = zip(expected["turn_begins"], expected["turn_ends"], strict=True)
            worked = sum(end - begin for begin, end in turns) - sum(expected["demand_waits"])
            cycles.append(expected["ends"])
            waits.append(expected["ends"] - worked)
            late = sum(tile[1] > 0 and tile[2] for tiles in own for tile in tiles)
            both.append(late - sum(map(sum, expected["port_stall_cycles"])))
    assert stood_in(every).tolist() == [cycles, waits, both]


@pytest.mark.parametrize("seed", range(20))
def test_one_row_of_transfers_stands_for_all_runs_that_are_alike_in_it(seed: int) -> None:
    machine, runs, moved, demand = drawn(Random(seed))
    runs = runs * 3
    work, transfers, order = taken(machine, runs, moved[:1], demand[:1])
    expected = [naive(machine, own, moved[0], demand[0])["ends"] for own in runs]
    assert stood_in([(work, transfers, order)])[0].tolist() == expected


def stood_in(blocks: list[tuple[Work, Transfers, Order]]) -> NDArray[np.int64]:
    return stood(
        np.array([(*work.pass_cycles.shape, len(moved.before)) for work, moved, _ in blocks]),
        np.array([order for _, _, order in blocks], np.int64),
        np.concatenate([each.ravel() for work, _, _ in blocks for each in work]),
        np.concatenate([each.ravel() for _, moved, _ in blocks for each in moved]),
    )


def test_trailing_passes_wait_for_what_is_on_demand() -> None:
    # Two tiles, leading passes of 10 cycles and trailing ones of 4; masks are known 6 after their
    # leading pass. Turn 1 is the first leading pass. Turn 2 begins at 10, before that mask is
    # known at 16: its demand is asked for when the second leading pass is over, at 20, and is
    # there at 25. Turn 3 begins at 29, when 24 cycles of the array are over. The second mask needs
    # 26 of them: 31. Its demand comes until 36.
    passes = [[Folds(1, 10), Folds(1, 10)], [Folds(1, 4), Folds(1, 4)]]
    found = events(Machine(), [passes], demand=[[5, 5]])
    assert found.demand_begins.tolist() == [[20, 31]]
    assert found.demand_waits.tolist() == [[0, 5, 5]]
    assert found.pass_begins[1].tolist() == [[25, 36]]
    assert found.ends.tolist() == [36 + 4 + 6]


def test_runs_do_not_see_each_other() -> None:
    # The first as in test_folds_that_drain_wait_for_the_sums_before. The second: 0-3, 5-7 (not to
    # end before 3 + 4), 7-17; 23.
    runs = [[[(1, 10), (1, 2), (1, 3)]], [[(1, 3), (1, 2), (1, 10)]]]
    found = events(ungated(), runs)
    turns = found.turn_ends - found.turn_begins
    assert turns.tolist() == [[10, 4, 4 + 6], [3, 4, 10 + 6]]


def test_the_wall_goes_on_while_the_array_stands_still() -> None:
    # Two tiles of 10 cycles. 5 cycles before the first, which takes 3 more for its port: 5-18. What
    # is moved beside it takes 20, until 25; the second 25-35, its sums are out at 41, and what is
    # written after it at 48.
    passes = [[Folds(1, 10, 3), Folds(1, 10)]]
    found = events(ungated(), [passes], [[Moved(5, 20, 0), Moved(0, 9, 7)]])
    assert (found.pass_begins.tolist(), found.pass_ends.tolist()) == ([[[5, 25]]], [[[18, 35]]])
    assert (found.turn_begins.tolist(), found.turn_ends.tolist()) == ([[5, 25]], [[18, 41]])
    assert found.ends.tolist() == [48]


def test_a_gate_is_known_on_the_arrays_own_clock() -> None:
    # One tile, MSB 0-10; its port adds 8, until 18. The sums need 6 cycles more in which the array
    # moves: the LSB pass is 24-28, and its sums are out at 34.
    found = events(Machine(), [[[Folds(1, 10, 8)], [Folds(1, 4)]]])
    assert (found.pass_begins.tolist(), found.pass_ends.tolist()) == (
        [[[0]], [[24]]],
        [[[18]], [[28]]],
    )
    assert found.turn_ends.tolist() == [[18, 34]]


def test_the_last_leading_pass_decides() -> None:
    # Passes of 5 and 4 cycles lead, one of 4 trails. 0-5, 5-9; the gate is known at 15: 15-19; 25.
    # Two tiles: 0-9, 9-18, then 18-22; the second gate is known at 24: 24-28; 34.
    leading, trailing = [[(1, 5)], [(1, 4)]], [[(1, 4)]]
    assert array_cycles(Machine(leading=2), *leading, *trailing) == [9, 10 + 6]
    twice = [each * 2 for each in (*leading, *trailing)]
    assert array_cycles(Machine(leading=2), *twice) == [9, 13, 6 + 6]


# By hand, R = 4 and skew 6: one pass per tile.


def test_folds_that_drain_wait_for_the_sums_before() -> None:
    # Folds of 10, 2 and 3 cycles: 0-10; the second must not end before 14: 12-14; the third not
    # before 18: 15-18; its sums have left at 24. The first fold waits for nothing.
    machine = ungated()
    assert array_cycles(machine, [(1, 10), (1, 2), (1, 3)]) == [10, 4, 4 + 6]


def test_folds_that_load_wait_for_the_operands_before() -> None:
    # Folds of 10, 2 and 3 cycles: 0-10, 10-12; the third may load from 10 + 4 on: 14-17; 23.
    machine = ungated(dataflow="ws")
    assert array_cycles(machine, [(1, 10), (1, 2), (1, 3)]) == [10, 2, 5 + 6]
    # Two folds of 2 cycles in a pass begin 4 apart: 0-6; the next pass from 4 + 4 on: 8-10; 16.
    assert array_cycles(machine, [(2, 2), (1, 2)]) == [6, 4 + 6]


def test_operands_that_stay_are_loaded_once() -> None:
    # Segments of two tiles of one cycle: 0-1, 1-2; the second segment may load from 4 on: 4-5, 5-6;
    # its sums have left at 12. Under `bitfusion` nothing waits.
    tiles = [(1, 1)] * 4
    machine = ungated(dataflow="ws", stay=True, segment_tiles=2)
    assert array_cycles(machine, tiles) == [1, 1, 3, 1 + 6]
    machine = ungated(dataflow="bitfusion", stay=True, segment_tiles=2)
    assert array_cycles(machine, tiles) == [1, 1, 1, 1 + 6]


# Three tiles, each an MSB pass of 10 cycles and an LSB pass of 4, so that no fold waits.
MSB, LSB, EMPTY = [(1, 10)] * 3, [(1, 4)] * 3, [(0, 4)] * 3


def test_a_layer_without_a_gate_pays_one_skew_at_its_end() -> None:
    assert array_cycles(ungated(), MSB, LSB) == [14, 14, 14 + 6]


def test_a_single_buffer_is_free_when_the_sums_have_left() -> None:
    # Each tile: 10, 6 until its gate is known, 4, 6 until its results have left; without a gate
    # only the latter.
    assert array_cycles(single(), MSB, LSB) == [26, 26, 26]
    assert array_cycles(single(gate_latency=3), MSB, LSB) == [29, 29, 29]
    assert array_cycles(single(gated=False), MSB, LSB) == [20, 20, 20]
    assert array_cycles(single(gated=False), MSB) == [16, 16, 16]


def test_a_double_buffer_hides_the_gate_behind_the_next_msb_pass() -> None:
    # MSB 1 0-10, MSB 2 10-20, gate 1 is known at 16: LSB 1 20-24. MSB 3 24-34, gate 2 at 26: LSB 2
    # 34-38. Gate 3 is known at 40: LSB 3 40-44, and its sums have left at 50.
    assert array_cycles(Machine(), MSB, LSB) == [10, 14, 14, 12]
    # Gates 7 cycles later: LSB 1 23-27, MSB 3 27-37, LSB 2 37-41; gate 3 is known at 50: 50-54; 60.
    assert array_cycles(Machine(gate_latency=7), MSB, LSB) == [10, 17, 14, 19]


def test_an_empty_lsb_pass_still_waits_for_its_gate() -> None:
    # MSB 1, 2 end at 10, 20, MSB 3 at 30; gate 3 is known at 36, and nothing is left to drain.
    assert array_cycles(Machine(), MSB, EMPTY) == [10, 10, 10, 6]
    assert array_cycles(single(), MSB, EMPTY) == [16, 16, 16]
    assert array_cycles(Machine(gate_latency=3), MSB, EMPTY) == [10, 10, 10, 9]


def test_a_wait_for_the_gate_is_also_one_for_the_bus() -> None:
    # One tile, R = 4. MSB 0-1; gate 7; the LSB pass of 1 cycle might end at 5, and begins at 7.
    assert array_cycles(Machine(), [(1, 1)], [(1, 1)]) == [1, 7 + 6]


def test_no_msb_pass_overtakes_across_a_segment() -> None:
    # Every lane group its own segment: LSB 1 waits for its gate, 16-20; MSB 2 20-30, LSB 2 36-40;
    # MSB 3 40-50, LSB 3 56-60; 66. Turn 2 holds LSB 1 and MSB 2.
    machine = Machine(dataflow="ws", stay=True, segment_tiles=1)
    assert array_cycles(machine, MSB, LSB) == [10, 20, 20, 16]
