"""A run stepped fold by fold, and the kernel's events of the same passes (M17 to M21, M25)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pgsim.kernels.timeline import timeline
from pgsim.kernels.turns import Events, Order, Transfers, Work


class Folds(NamedTuple):
    """What one pass of a tile is: so many folds of S steady cycles each, and what a port adds."""

    count: int
    steady: int
    stall: int = 0


Passes = Sequence[Sequence[Folds]]  # [pass][tile]


@dataclass(frozen=True)
class Machine:
    """An array as M17 to M19 speak of it; unless told, of 4 x 4 PEs, whose skew is 6.

    leading: passes before the gate. interleaved: whether MSB(i + 1) precedes LSB(i).
    """

    dataflow: str = "os"
    rows: int = 4
    skew: int = 6
    gate_latency: int = 0
    stay: bool = False
    segment_tiles: int = 99
    leading: int = 1
    gated: bool = True
    interleaved: bool = True
    one_buffer: bool = False
    ports_ahead: bool = False

    def order(self, passes: int) -> Order:
        return Order(
            bus_cycles=0 if self.dataflow == "bitfusion" else self.rows,
            drains=self.dataflow == "os",
            operands_stay=self.stay,
            segment_tiles=self.segment_tiles,
            skew_cycles=self.skew,
            gate_latency_cycles=self.gate_latency,
            leading=self.leading if self.gated else passes,
            interleaved=self.gated and self.interleaved,
            one_buffer=self.one_buffer,
            run_ahead=False,
            ports_ahead=self.ports_ahead,
        )


def ungated(**others: object) -> Machine:
    return Machine(gated=False, **others)


def single(**others: object) -> Machine:
    """A machine of one output buffer."""
    return Machine(one_buffer=True, interleaved=False, **others)


@dataclass
class Array:
    """An array that is stepped: its own clock stands still while the wall's goes on."""

    machine: Machine
    own: int = 0
    wall: int = 0
    begins_of_loading_folds: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    gates: dict[int, int] = field(default_factory=dict)

    def run_until(self, own: int) -> None:
        while self.own < own:
            self.own += 1
            self.wall += 1

    def stand_still(self, cycles: int) -> None:
        for _ in range(cycles):
            self.wall += 1

    def wait_for_the_bus(self, steady: int, loads: bool) -> None:
        rows = self.machine.rows
        if self.machine.dataflow == "os" and self.ends:
            self.run_until(self.ends[-1] + rows - steady)
        if self.machine.dataflow == "ws" and loads:
            if self.begins_of_loading_folds:
                self.run_until(self.begins_of_loading_folds[-1] + rows)
            self.begins_of_loading_folds.append(self.own)

    def take(self, folds: Folds, loads: bool) -> tuple[int, int, int]:
        """Take a pass's folds one by one; return its begin and end on the wall, and its stalls."""
        begin, left = self.wall, folds.stall if folds.count else 0
        for number in range(folds.count):
            ready = self.own
            self.wait_for_the_bus(folds.steady, loads)
            if number == 0:
                begin = self.wall
                for _ in range(ready, self.own):  # ports that begin early catch up meanwhile
                    left -= self.machine.ports_ahead and left > 0
            self.run_until(self.own + folds.steady)
            self.ends.append(self.own)
        self.stand_still(left)
        return begin, self.wall, left

    def sums_leave(self) -> None:
        self.run_until(self.ends[-1] + self.machine.skew)


def turns_of(order: Order, passes: int, tiles: int) -> Iterator[list[tuple[int, int]]]:
    """The turns of M25, each its passes (pass, tile) in the order of M19."""
    leading, trailing = range(order.leading), range(order.leading, passes)
    if not order.interleaved:
        for tile in range(tiles):
            yield [(index, tile) for index in (*leading, *trailing)]
        return
    for turn in range(tiles + 1):
        first = [(index, turn) for index in leading if turn < tiles]
        last = [(index, turn - 1) for index in trailing if turn > 0]
        other_segment = turn // order.segment_tiles > (turn - 1) // order.segment_tiles
        yield last + first if turn > 0 and other_segment else first + last


class Moved(NamedTuple):
    """Cycles of DRAM around one turn."""

    before: int = 0
    beside: int = 0
    after: int = 0


def naive(
    machine: Machine, passes: Passes, moved: Sequence[Moved], demand: Sequence[int] = ()
) -> dict[str, object]:
    """The events of one run: begins and ends of passes and turns, and when all is done.

    demand: cycles of what is on demand of each tile, which goes before all else.
    """
    order, tiles = machine.order(len(passes)), len(passes[0])
    array = Array(machine)
    begins = [[0] * tiles for _ in passes]
    ends = [[0] * tiles for _ in passes]
    stalls = [[0] * tiles for _ in passes]
    turns = list(turns_of(order, len(passes), tiles))
    turn_begins, turn_ends = [], []
    demand_begins, demand_waits = [0] * tiles, [0] * len(turns)
    for number, turn in enumerate(turns):
        array.stand_still(moved[number].before)
        turn_begins.append(array.wall)
        began, moves_until = array.own, array.wall + moved[number].beside
        for index, tile in turn:
            if index >= order.leading:
                array.run_until(array.gates[tile])
            if index == order.leading and demand and demand[tile]:
                known = order.interleaved and array.gates[tile] <= began
                asked = turn_begins[-1] if known else array.wall
                moves_until = max(moves_until, asked) + demand[tile]
                demand_begins[tile] = asked
                demand_waits[number] = max(0, asked + demand[tile] - array.wall)
                array.stand_still(demand_waits[number])
            loads = not machine.stay or (index == 0 and tile % machine.segment_tiles == 0)
            found = array.take(passes[index][tile], loads)
            begins[index][tile], ends[index][tile], stalls[index][tile] = found
            if index == order.leading - 1:
                array.gates[tile] = array.own + machine.skew + machine.gate_latency
        if machine.one_buffer or turn is turns[-1]:
            array.sums_leave()
        turn_ends.append(array.wall)
        array.stand_still(moves_until - array.wall)
        array.stand_still(moved[number].after)
    return {
        "pass_begins": begins,
        "pass_ends": ends,
        "port_stall_cycles": stalls,
        "turn_begins": turn_begins,
        "turn_ends": turn_ends,
        "demand_begins": demand_begins,
        "demand_waits": demand_waits,
        "ends": array.wall,
    }


def taken(
    machine: Machine,
    runs: Sequence[Passes],
    moved: Sequence[Sequence[Moved]] = (),
    demand: Sequence[Sequence[int]] = (),
) -> tuple[Work, Transfers, Order]:
    """Runs whose passes are alike in number, and their tiles, as kernels take them."""
    order = machine.order(len(runs[0]))

    def arrays(value: str) -> np.ndarray:
        def of(folds: Folds) -> int:
            spacing = max(folds.steady, order.bus_cycles)
            cycles = (folds.count - 1) * spacing + folds.steady if folds.count else 0
            return {"cycles": cycles, "fold": folds.steady, "stall": folds.stall}[value]

        by_run = [[[of(Folds(*tile)) for tile in own] for own in passes] for passes in runs]
        return np.array(by_run, np.int64).swapaxes(0, 1)

    tiles = len(runs[0][0]) + int(order.interleaved)
    nothing = [[Moved()] * tiles for _ in runs]
    around = np.array(moved or nothing, np.int64).transpose(2, 0, 1)
    work = Work(arrays("cycles"), arrays("fold"), arrays("stall"))
    on_demand = np.array(demand or [[0] * len(own[0]) for own in runs], np.int64)
    transfers = Transfers(*(np.ascontiguousarray(each) for each in around), on_demand)
    return work, transfers, order


def events(
    machine: Machine,
    runs: Sequence[Passes],
    moved: Sequence[Sequence[Moved]] = (),
    demand: Sequence[Sequence[int]] = (),
) -> Events:
    """The events of runs whose passes are alike in number, and their tiles."""
    return timeline(*taken(machine, runs, moved, demand))


def array_cycles(machine: Machine, *passes: Sequence[tuple[int, int]]) -> list[int]:
    """The array's cycles in every turn of one run, where no port and no transfer is waited for."""
    found = events(machine, [passes])
    return (found.turn_ends - found.turn_begins)[0].tolist()
