"""How often the gates of a netlist switch: its logic stepped on random operands, without delays.

A netlist is what Yosys's `write_json` leaves of one flat module of library cells with one clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from random import Random

RUNS = 256  # side by side, as the bits of one integer
CYCLES = 64
WARM_UP_CYCLES = 8  # sums and schedulers leave their first state

Logic = Callable[..., int]


@dataclass(frozen=True)
class Lowest:
    """The lowest bits of a port are random, the others 0."""

    bits: int


Drive = float | int | Lowest  # of a port: the chance that each bit is 1, or a constant


@dataclass(frozen=True)
class Cell:
    """A library cell: its output pin, and the logic of it over its inputs; flip-flops have none."""

    output: str
    inputs: tuple[str, ...]
    logic: Logic | None


@dataclass(frozen=True)
class Gate:
    """One instance of a cell, its nets as the netlist numbers them."""

    name: str
    cell: Cell
    inputs: tuple[int | str, ...]
    output: int


def library_cells(liberty: str, kinds: Iterable[str]) -> dict[str, Cell]:
    """Return the cells of these kinds from a Liberty file's text.

    Raises ValueError for a cell that is neither one output's logic nor a D flip-flop.
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
    if "\n        ff (" in body:
        if inputs != ("CLK", "D") or functions != {"Q": "IQ"}:
            raise ValueError(f"{kind}: expected a plain D flip-flop")
        return Cell("Q", ("D",), None)
    if len(functions) != 1:
        raise ValueError(f"{kind}: expected one output, not {', '.join(functions) or 'none'}")
    ((output, function),) = functions.items()
    expression = function.replace("!", "~")
    return Cell(output, inputs, eval(f"lambda {', '.join(inputs)}: {expression}"))


def switching(
    module: Mapping[str, dict], cells: Mapping[str, Cell], drives: Mapping[str, Drive]
) -> dict[str, float]:
    """Return how often each instance's output switches in a cycle, with ports driven as told."""
    gates = [_gate(name, each, cells) for name, each in sorted(module["cells"].items())]
    flops = [gate for gate in gates if gate.cell.logic is None]
    order = _in_order([gate for gate in gates if gate.cell.logic is not None])
    ports = {name: port for name, port in module["ports"].items() if port["direction"] == "input"}

    draw, ones = Random(0), (1 << RUNS) - 1
    nets: dict[int | str, int] = {"0": 0, "1": ones, "x": 0}
    nets |= {flop.output: 0 for flop in flops}
    counts = dict.fromkeys((gate.name for gate in gates), 0)
    before = dict.fromkeys((gate.output for gate in gates), 0)
    for cycle in range(WARM_UP_CYCLES + CYCLES):
        for name in sorted(ports):
            (net,) = ports[name]["bits"]
            nets[net] = _driven(name, drives, draw)
        for gate in order:
            nets[gate.output] = gate.cell.logic(*(nets[net] for net in gate.inputs)) & ones
        for gate in gates:
            if cycle >= WARM_UP_CYCLES:
                counts[gate.name] += (nets[gate.output] ^ before[gate.output]).bit_count()
            before[gate.output] = nets[gate.output]
        nets |= {flop.output: nets[flop.inputs[0]] for flop in flops}
    return {name: count / (RUNS * CYCLES) for name, count in counts.items()}


def _gate(name: str, instance: dict, cells: Mapping[str, Cell]) -> Gate:
    cell, nets = cells[instance["type"]], instance["connections"]
    (output,) = nets[cell.output]
    return Gate(name, cell, tuple(nets[pin][0] for pin in cell.inputs), output)


def _in_order(gates: list[Gate]) -> list[Gate]:
    driver = {gate.output: gate for gate in gates}
    graph = {gate.output: [net for net in gate.inputs if net in driver] for gate in gates}
    return [driver[net] for net in TopologicalSorter(graph).static_order()]


def _driven(port: str, drives: Mapping[str, Drive], draw: Random) -> int:
    """Return one bit of a port, in all runs: a constant's, or random ones."""
    name, _, index = port.rstrip("]").partition("[")
    drive = drives.get(name, 0.5)
    if isinstance(drive, Lowest):
        drive = 0.5 if int(index) < drive.bits else 0
    if isinstance(drive, int):
        return (1 << RUNS) - 1 if drive >> int(index or 0) & 1 else 0
    if drive == 0.5:
        return draw.getrandbits(RUNS)
    return sum(1 << run for run in range(RUNS) if draw.random() < drive)
