"""Turns of a run, against a list of all its folds (M17 to M19, M25) and by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from pgsim.kernels.timeline import Order, timeline

Folds = tuple[int, int]  # of one pass: how many, and the steady cycles S of each


@dataclass(frozen=True)
class Machine:
    """An array as M17 to M19 speak of it; unless told, of 4 x 4 PEs, whose skew is 6."""

    dataflow: str = "os"
    rows: int = 4
    skew: int = 6
    gate_latency: int = 0
    stay: bool = False
    segment_tiles: int = 99
    gated: bool = True
    double_buffered: bool = True

    @property
    def order(self) -> Order:
        return Order(
            bus_cycles=0 if self.dataflow == "bitfusion" else self.rows,
            drains=self.dataflow == "os",
            operands_stay=self.stay,
            segment_tiles=self.segment_tiles,
            skew_cycles=self.skew,
            gate_latency_cycles=self.gate_latency,
            gated=self.gated,
            double_buffered=self.double_buffered,
        )


@dataclass
class Run:
    """Begin and end of every fold so far, and when gates are known."""

    machine: Machine
    now: int = 0
    begins_of_loading_folds: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    gates: dict[int, int] = field(default_factory=dict)

    def fold(self, steady: int, loads: bool) -> None:
        begin, rows = self.now, self.machine.rows
        if self.machine.dataflow == "os" and self.ends:
            begin = max(begin, self.ends[-1] + rows - steady)
        if self.machine.dataflow == "ws" and loads:
            if self.begins_of_loading_folds:
                begin = max(begin, self.begins_of_loading_folds[-1] + rows)
            self.begins_of_loading_folds.append(begin)
        self.now = begin + steady
        self.ends.append(self.now)

    def sums_leave(self) -> None:
        self.now = max(self.now, self.ends[-1] + self.machine.skew)


def events(machine: Machine, tiles: int) -> Iterator[Iterator[tuple[str, int]]]:
    """The turns of M25, each its passes in the order of M19."""
    if not (machine.gated and machine.double_buffered):
        for tile in range(tiles):
            yield iter([("msb", tile), ("lsb", tile)])
        return
    for turn in range(tiles + 1):
        passes = [("msb", turn)] if turn < tiles else []
        if turn > 0:
            other_segment = turn // machine.segment_tiles > (turn - 1) // machine.segment_tiles
            passes.insert(0 if other_segment else len(passes), ("lsb", turn - 1))
        yield iter(passes)


def naive(machine: Machine, msb: Sequence[Folds], lsb: Sequence[Folds]) -> list[int]:
    run, ends = Run(machine), [0]
    for turn in events(machine, len(msb)):
        for name, tile in turn:
            if name == "lsb" and machine.gated:
                run.now = max(run.now, run.gates[tile])
            count, steady = (msb if name == "msb" else lsb)[tile]
            first_of_segment = name == "msb" and tile % machine.segment_tiles == 0
            for _ in range(count):
                run.fold(steady, loads=first_of_segment or not machine.stay)
            if name == "msb":
                run.gates[tile] = run.now + machine.skew + machine.gate_latency
        if not machine.double_buffered:
            run.sums_leave()
        ends.append(run.now)
    run.sums_leave()
    ends[-1] = run.now
    return [end - begin for begin, end in pairwise(ends)]


def turns_of(machine: Machine, *passes: Sequence[Folds]) -> list[int]:
    """The turns of one run, each pass given as its folds in every tile."""
    bus = machine.order.bus_cycles
    cycles = [[(n - 1) * max(s, bus) + s if n else 0 for n, s in tiles] for tiles in passes]
    fold_cycles = [[s for _, s in tiles] for tiles in passes]
    arrays = (np.array(each, np.int64)[:, None, :] for each in (cycles, fold_cycles))
    (turns,) = timeline(*arrays, machine.order).tolist()
    return turns


@pytest.mark.parametrize("seed", range(300))
def test_turns_equal_those_of_the_folds(seed: int) -> None:
    rng = Random(seed)
    tiles, longest = rng.randint(1, 8), rng.choice((3, 40))
    dataflow = rng.choice(("os", "ws", "bitfusion"))
    stay = dataflow != "os" and rng.random() < 0.5
    machine = Machine(
        dataflow=dataflow,
        rows=rng.choice((1, 4, 10)),
        skew=rng.choice((0, 1, 6, 30)),
        gate_latency=rng.choice((0, 0, 1, 3)),
        stay=stay,
        segment_tiles=rng.choice((1, 2, tiles)) if stay else tiles,
        gated=rng.random() < 0.7,
        double_buffered=rng.random() < 0.5,
    )
    folds = 1 if stay else rng.randint(1, 3)  # M18: what stays has one fold
    msb = [(folds, rng.randint(1, longest)) for _ in range(tiles)]
    lsb = [(rng.choice((0, folds)), rng.randint(1, longest)) for _ in range(tiles)]
    assert turns_of(machine, msb, lsb) == naive(machine, msb, lsb)


def test_runs_do_not_see_each_other() -> None:
    # The first as in the next test. The second: 0-3, 5-7 (not to end before 3 + 4), 7-17; 23.
    arrays = np.array([[[10, 2, 3], [3, 2, 10]]], np.int64)
    turns = timeline(arrays, arrays, Machine(gated=False).order)
    assert turns.tolist() == [[10, 4, 4 + 6], [3, 4, 10 + 6]]


# By hand, R = 4 and skew 6: one pass per tile.


def test_folds_that_drain_wait_for_the_sums_before() -> None:
    # Folds of 10, 2 and 3 cycles: 0-10; the second must not end before 14: 12-14; the third not
    # before 18: 15-18; its sums have left at 24. The first fold waits for nothing.
    machine = Machine(gated=False)
    assert turns_of(machine, [(1, 10), (1, 2), (1, 3)]) == [10, 4, 4 + 6]


def test_folds_that_load_wait_for_the_operands_before() -> None:
    # Folds of 10, 2 and 3 cycles: 0-10, 10-12; the third may load from 10 + 4 on: 14-17; 23.
    machine = Machine(dataflow="ws", gated=False)
    assert turns_of(machine, [(1, 10), (1, 2), (1, 3)]) == [10, 2, 5 + 6]
    # Two folds of 2 cycles in a pass begin 4 apart: 0-6; the next pass from 4 + 4 on: 8-10; 16.
    assert turns_of(machine, [(2, 2), (1, 2)]) == [6, 4 + 6]


def test_operands_that_stay_are_loaded_once() -> None:
    # Segments of two tiles of one cycle: 0-1, 1-2; the second segment may load from 4 on: 4-5, 5-6;
    # its sums have left at 12. Under `bitfusion` nothing waits.
    tiles = [(1, 1)] * 4
    machine = Machine(dataflow="ws", stay=True, segment_tiles=2, gated=False)
    assert turns_of(machine, tiles) == [1, 1, 3, 1 + 6]
    machine = Machine(dataflow="bitfusion", stay=True, segment_tiles=2, gated=False)
    assert turns_of(machine, tiles) == [1, 1, 1, 1 + 6]


# Three tiles, each an MSB pass of 10 cycles and an LSB pass of 4, so that no fold waits.
MSB, LSB, EMPTY = [(1, 10)] * 3, [(1, 4)] * 3, [(0, 4)] * 3


def test_a_layer_without_a_gate_pays_one_skew_at_its_end() -> None:
    assert turns_of(Machine(gated=False), MSB, LSB) == [14, 14, 14 + 6]


def test_a_single_buffer_is_free_when_the_sums_have_left() -> None:
    # Each tile: 10, 6 until its gate is known, 4, 6 until its results have left; without a gate
    # only the latter.
    assert turns_of(Machine(double_buffered=False), MSB, LSB) == [26, 26, 26]
    assert turns_of(Machine(double_buffered=False, gate_latency=3), MSB, LSB) == [29, 29, 29]
    assert turns_of(Machine(double_buffered=False, gated=False), MSB, LSB) == [20, 20, 20]
    assert turns_of(Machine(double_buffered=False, gated=False), MSB) == [16, 16, 16]


def test_a_double_buffer_hides_the_gate_behind_the_next_msb_pass() -> None:
    # MSB 1 0-10, MSB 2 10-20, gate 1 is known at 16: LSB 1 20-24. MSB 3 24-34, gate 2 at 26: LSB 2
    # 34-38. Gate 3 is known at 40: LSB 3 40-44, and its sums have left at 50.
    assert turns_of(Machine(), MSB, LSB) == [10, 14, 14, 12]
    # Gates 7 cycles later: LSB 1 23-27, MSB 3 27-37, LSB 2 37-41; gate 3 is known at 50: 50-54; 60.
    assert turns_of(Machine(gate_latency=7), MSB, LSB) == [10, 17, 14, 19]


def test_an_empty_lsb_pass_still_waits_for_its_gate() -> None:
    # MSB 1, 2 end at 10, 20, MSB 3 at 30; gate 3 is known at 36, and nothing is left to drain.
    assert turns_of(Machine(), MSB, EMPTY) == [10, 10, 10, 6]
    assert turns_of(Machine(double_buffered=False), MSB, EMPTY) == [16, 16, 16]
    assert turns_of(Machine(gate_latency=3), MSB, EMPTY) == [10, 10, 10, 9]


def test_a_wait_for_the_gate_is_also_one_for_the_bus() -> None:
    # One tile, R = 4. MSB 0-1; gate 7; the LSB pass of 1 cycle might end at 5, and begins at 7.
    assert turns_of(Machine(), [(1, 1)], [(1, 1)]) == [1, 7 + 6]


def test_no_msb_pass_overtakes_across_a_segment() -> None:
    # Every lane group its own segment: LSB 1 waits for its gate, 16-20; MSB 2 20-30, LSB 2 36-40;
    # MSB 3 40-50, LSB 3 56-60; 66. Turn 2 holds LSB 1 and MSB 2.
    machine = Machine(dataflow="ws", stay=True, segment_tiles=1)
    assert turns_of(machine, MSB, LSB) == [10, 20, 20, 16]
