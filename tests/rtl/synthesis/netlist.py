"""How often the gates of a netlist switch: its logic stepped on random operands, without delays.

A netlist is what Yosys's `write_json` leaves of one flat module of library cells with one clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from random import Random
from typing import NamedTuple

RUNS = 256  # side by side, as the bits of one integer
CYCLES = 64
WARM_UP_CYCLES = 8  # sums and schedulers leave their first state

Logic = Callable[..., int]


@dataclass(frozen=True)
class Lowest:
    """The lowest bits of a port are random, the others 0."""

    bits: int


@dataclass(frozen=True)
class HalfZero:
    """The lowest bits of a port are operands of so many bits, half of which are 0, others random.

    An operand is 0, or not, for so many cycles, as where its bits come one after the other.
    """

    lowest: int
    operand_bits: int
    cycles: int = 1


Drive = float | int | Lowest | HalfZero  # of a port: the chance that a bit is 1, or a constant


@dataclass(frozen=True)
class Cell:
    """A library cell: its output and input pins, the clock pin of flip-flops and of clock gates.

    logic: of the output over the inputs; neither flip-flops nor clock gates have any.
    """

    output: str
    inputs: tuple[str, ...]
    logic: Logic | None
    clock: str | None = None
    gates_clock: bool = False


@dataclass(frozen=True)
class Gate:
    """One instance of a cell, its nets as the netlist numbers them."""

    name: str
    cell: Cell
    inputs: tuple[int | str, ...]
    output: int
    clock: int | str | None


class Activity(NamedTuple):
    """How often an instance's output switches in a cycle, and how often its clock is let through.

    A clock gate's own clock always is, and so is that of cells without one.
    """

    switches: float
    clocked: float


def library_cells(liberty: str, kinds: Iterable[str]) -> dict[str, Cell]:
    """Return the cells of these kinds from a Liberty file's text.

    Raises ValueError for a cell that is no logic of one output, D flip-flop or clock gate.
    """
    bodies = re.split(r'\n    cell \("', liberty)[1:]
    found = {body[: body.index('"')]: body for body in bodies}
    return {kind: _cell(kind, found[kind]) for kind in sorted(set(kinds))}


def _cell(kind: str, body: str) -> Cell:
    pins = re.split(r'\n        pin \("', body)[1:]
    directions = {pin[: pin.index('"')]: re.search(r'direction : "(\w+)"', pin)[1] for pin in pins}
    functions = {
        pin[: pin.index('"')]: found[1]
        for pin in pins
        if (found := re.search(r'function : "(.*?)"', pin))
    }
    inputs = tuple(sorted(name for name, way in directions.items() if way == "input"))
    if "clock_gating_integrated_cell" in body:
        return Cell("GCLK", ("GATE",), None, "CLK", gates_clock=True)
    if "\n        ff (" in body:
        if inputs != ("CLK", "D") or functions != {"Q": "IQ"}:
            raise ValueError(f"{kind}: expected a plain D flip-flop")
        return Cell("Q", ("D",), None, "CLK")
    if len(functions) != 1:
        raise ValueError(f"{kind}: expected one output, not {', '.join(functions) or 'none'}")
    ((output, function),) = functions.items()
    expression = function.replace("!", "~")
    return Cell(output, inputs, eval(f"lambda {', '.join(inputs)}: {expression}"))


def activity(
    module: Mapping[str, dict], cells: Mapping[str, Cell], drives: Mapping[str, Drive]
) -> dict[str, Activity]:
    """Return how active each instance is, with ports driven as told."""
    gates = [_gate(name, each, cells) for name, each in sorted(module["cells"].items())]
    clock_gates = {gate.output: gate for gate in gates if gate.cell.gates_clock}
    flops = [gate for gate in gates if gate.cell.clock and not gate.cell.gates_clock]
    order = _in_order([gate for gate in gates if gate.cell.logic is not None])
    ports = {name: port for name, port in module["ports"].items() if port["direction"] == "input"}

    draw, ones = Random(0), (1 << RUNS) - 1
    nets: dict[int | str, int] = {"0": 0, "1": ones, "x": 0}
    nets |= {flop.output: 0 for flop in flops}
    switches = dict.fromkeys((gate.name for gate in gates), 0)
    clocked = dict.fromkeys((flop.name for flop in flops), 0)
    before = dict.fromkeys((gate.output for gate in [*order, *flops]), 0)
    for cycle in range(WARM_UP_CYCLES + CYCLES):
        for name in sorted(ports):
            (net,) = ports[name]["bits"]
            nets[net] = _driven(name, drives, draw, cycle)
        for gate in order:
            nets[gate.output] = gate.cell.logic(*(nets[net] for net in gate.inputs)) & ones
        on = {
            flop.name: nets[clock_gates[flop.clock].inputs[0]]
            if flop.clock in clock_gates
            else ones
            for flop in flops
        }
        counts = cycle >= WARM_UP_CYCLES
        for gate in [*order, *flops]:
            switches[gate.name] += counts * (nets[gate.output] ^ before[gate.output]).bit_count()
            before[gate.output] = nets[gate.output]
        for flop in flops:
            clocked[flop.name] += counts * on[flop.name].bit_count()
        nets |= {
            flop.output: nets[flop.inputs[0]] & on[flop.name] | nets[flop.output] & ~on[flop.name]
            for flop in flops
        }
    total = RUNS * CYCLES
    return {
        name: Activity(count / total, clocked.get(name, total) / total)
        for name, count in switches.items()
    }


def _gate(name: str, instance: dict, cells: Mapping[str, Cell]) -> Gate:
    cell, nets = cells[instance["type"]], instance["connections"]
    (output,) = nets[cell.output]
    clock = nets[cell.clock][0] if cell.clock else None
    return Gate(name, cell, tuple(nets[pin][0] for pin in cell.inputs), output, clock)


def _in_order(gates: list[Gate]) -> list[Gate]:
    driver = {gate.output: gate for gate in gates}
    graph = {gate.output: [net for net in gate.inputs if net in driver] for gate in gates}
    return [driver[net] for net in TopologicalSorter(graph).static_order()]


def _driven(port: str, drives: Mapping[str, Drive], draw: Random, cycle: int) -> int:
    """Return one bit of a port, in all runs: a constant's, or random ones."""
    name, _, index = port.rstrip("]").partition("[")
    drive = drives.get(name, 0.5)
    if isinstance(drive, HalfZero):
        operand, time = int(index) // drive.operand_bits, cycle // drive.cycles
        zero = Random(f"{name} {operand} {time}").getrandbits(RUNS)
        return draw.getrandbits(RUNS) & ~zero if int(index) < drive.lowest else 0
    if isinstance(drive, Lowest):
        drive = 0.5 if int(index) < drive.bits else 0
    if isinstance(drive, int):
        return (1 << RUNS) - 1 if drive >> int(index or 0) & 1 else 0
    if drive == 0.5:
        return draw.getrandbits(RUNS)
    return sum(1 << run for run in range(RUNS) if draw.random() < drive)
