"""The arithmetic units in SystemVerilog against Python's integers, at every width they take.

One Verilator program holds every unit. A vector is a line of hexadecimal digits: the unit's inputs
side by side, the first port lowest; the program prints the unit's output for each.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from rtl.building import compiled, kept_in, run_time_library
from rtl.verilator import needs_verilator

RTL = Path(__file__).parent
SOURCES = (
    *("brick", "shift_add_tree", "fusion_unit", "term_unit", "xnor_unit"),
    *("operand_selector", "comparator"),
)
RANDOM_VECTORS = 40  # for each pair of widths and each pair of signs

pytestmark = [needs_verilator, pytest.mark.xdist_group("rtl")]


@dataclass(frozen=True)
class Unit:
    """A module under test, its ports in bits, and vectors: the inputs with the output expected."""

    module: str
    parameters: dict[str, int]
    inputs: dict[str, int]
    output: tuple[str, int]
    vectors: tuple[tuple[dict[str, int], int], ...]

    @property
    def name(self) -> str:
        return "_".join([self.module, *map(str, self.parameters.values())])


def packed(operands: list[int], bits: int) -> int:
    """Return operands side by side as two's complement numbers of `bits`, the first one lowest."""
    return sum((value % (1 << bits)) << (index * bits) for index, value in enumerate(operands))


def operand_range(bits: int, signed: bool) -> tuple[int, int]:
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def operands(
    count: int, widths: tuple[int, int], signs: tuple[bool, bool], seed: str
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield operands of both kinds: each pair of extremes everywhere, one alone, and random."""
    ranges = tuple(operand_range(bits, signed) for bits, signed in zip(widths, signs, strict=True))
    for activation, weight in product(*ranges):
        yield [activation] * count, [weight] * count
        for position in range(count):
            yield [activation * (m == position) for m in range(count)], [weight] * count
    draw = random.Random(seed)
    for _ in range(RANDOM_VECTORS):
        activations, weights = ([draw.randint(*each) for _ in range(count)] for each in ranges)
        yield activations, weights


def dot(activations: list[int], weights: list[int]) -> int:
    return sum(a * w for a, w in zip(activations, weights, strict=True)) % (1 << 32)


def fusion_unit(activation_bits: int, weight_bits: int) -> Unit:
    def vectors() -> Iterator[tuple[dict[str, int], int]]:
        widths = product(*([1, 2, 3, 4][: bits.bit_length() - 1] for bits in sides))
        for log2s, signs in product(widths, product((False, True), repeat=2)):
            a, w = (1 << log2 for log2 in log2s)
            count = (activation_bits // a) * (weight_bits // w)
            for activations, weights in operands(count, (a, w), signs, f"{log2s} {signs}"):
                given = {
                    "activation_log2": log2s[0],
                    "weight_log2": log2s[1],
                    "activation_signed": signs[0],
                    "weight_signed": signs[1],
                    "activations": packed(activations, a),
                    "weights": packed(weights, w),
                }
                yield given, dot(activations, weights)

    sides = (activation_bits, weight_bits)
    operand_bits = activation_bits * weight_bits // 2
    inputs = {"activation_log2": 3, "weight_log2": 3, "activation_signed": 1, "weight_signed": 1}
    inputs |= {"activations": operand_bits, "weights": operand_bits}
    parameters = {"ACTIVATION_BITS": activation_bits, "WEIGHT_BITS": weight_bits}
    return Unit("fusion_unit", parameters, inputs, ("sum", 32), tuple(vectors()))


def term_unit(terms: int, activation_slice: int, weight_slice: int) -> Unit:
    def vectors() -> Iterator[tuple[dict[str, int], int]]:
        for signs in product((False, True), repeat=2):
            for activations, weights in operands(terms, slices, signs, str(signs)):
                given = {
                    "activation_signed": signs[0],
                    "weight_signed": signs[1],
                    "activations": packed(activations, activation_slice),
                    "weights": packed(weights, weight_slice),
                }
                # A slice of one bit that is signed is the top bit of an operand: it counts as -1.
                yield given, dot(activations, weights)

    slices = (activation_slice, weight_slice)
    inputs = {"activation_signed": 1, "weight_signed": 1}
    inputs |= {"activations": terms * activation_slice, "weights": terms * weight_slice}
    parameters = {
        "TERMS": terms,
        "ACTIVATION_SLICE": activation_slice,
        "WEIGHT_SLICE": weight_slice,
    }
    return Unit("term_unit", parameters, inputs, ("sum", 32), tuple(vectors()))


def operand_selector(ways: int, bits: int) -> Unit:
    draw = random.Random(ways)
    vectors = []
    for select, _ in product(range(ways), range(RANDOM_VECTORS)):
        streams = [draw.getrandbits(bits) for _ in range(ways)]
        given = {"streams": packed(streams, bits), "select": select}
        vectors.append((given, streams[select]))
    inputs = {"streams": ways * bits, "select": max(1, (ways - 1).bit_length())}
    parameters = {"WAYS": ways, "BITS": bits}
    return Unit("operand_selector", parameters, inputs, ("operand", bits), tuple(vectors))


def comparator(bits: int) -> Unit:
    low, high = operand_range(bits, signed=True)
    draw = random.Random(bits)
    values = [low, low + 1, -1, 0, 1, high - 1, high]
    values += [draw.randint(low, high) for _ in range(RANDOM_VECTORS)]
    vectors = tuple(
        ({"sum": a % (1 << bits), "threshold": b % (1 << bits)}, int(a > b))
        for a, b in product(values, repeat=2)
    )
    inputs = {"sum": bits, "threshold": bits}
    return Unit("comparator", {"SUM_BITS": bits}, inputs, ("gate", 1), vectors)


def xnor_unit(terms: int) -> Unit:
    draw = random.Random(terms)
    vectors = []
    for _ in range(RANDOM_VECTORS):
        signs = [[draw.choice((-1, 1)) for _ in range(terms)] for _ in range(2)]
        activations, weights = ([int(sign > 0) for sign in own] for own in signs)
        given = {"activations": packed(activations, 1), "weights": packed(weights, 1)}
        total = sum(one * other for one, other in zip(*signs, strict=True))
        vectors.append((given, (total + terms) // 2))
    inputs = {"activations": terms, "weights": terms}
    return Unit("xnor_unit", {"TERMS": terms}, inputs, ("alike", 32), tuple(vectors))


MAKERS = {
    "fusion 8x8": partial(fusion_unit, 8, 8),
    "fusion 16x16": partial(fusion_unit, 16, 16),
    "fusion 8x4": partial(fusion_unit, 8, 4),
    "fusion 2x8": partial(fusion_unit, 2, 8),
    "one brick": partial(fusion_unit, 2, 2),
    "fixed 8x8": partial(term_unit, 1, 8, 8),
    "fixed 16x16": partial(term_unit, 1, 16, 16),
    "serial activation": partial(term_unit, 16, 1, 8),
    "serial activation, 16-bit weights": partial(term_unit, 16, 1, 16),
    "serial weight": partial(term_unit, 16, 8, 1),
    "serial both": partial(term_unit, 16, 1, 1),
    "binary": partial(xnor_unit, 16),
    "binary, one term": partial(xnor_unit, 1),
    "one stream": partial(operand_selector, 1, 8),
    "two streams": partial(operand_selector, 2, 32),
    "three streams": partial(operand_selector, 3, 5),
    "eight streams": partial(operand_selector, 8, 32),
    "comparator": partial(comparator, 32),
    "narrow comparator": partial(comparator, 4),
}


def bench(units: Iterable[Unit]) -> str:
    """Return a SystemVerilog program that runs every unit over the vectors in <its name>.hex."""
    body = []
    for unit in units:
        bits, count = sum(unit.inputs.values()), len(unit.vectors)
        output, output_bits = unit.output
        starts, at = [], 0
        for port, width in unit.inputs.items():
            starts.append(f".{port}(given[{at} +: {width}])")
            at += width
        parameters = ", ".join(f".{key}({value})" for key, value in unit.parameters.items())
        body.append(f"""
          begin : g_{unit.name}
            logic [{bits - 1}:0] vectors [0:{count - 1}];
            logic [{bits - 1}:0] given;
            logic [{output_bits - 1}:0] found;
            {unit.module} #({parameters}) unit ({", ".join(starts)}, .{output}(found));
            initial begin
              $readmemh("{unit.name}.hex", vectors);
              for (int i = 0; i < {count}; i++) begin
                given = vectors[i];
                #1 $display("{unit.name} %h", found);
              end
            end
          end""")
    return "module bench; generate" + "".join(body) + "\nendgenerate endmodule\n"


@pytest.fixture(scope="module")
def units() -> dict[str, Unit]:
    return {case: make() for case, make in MAKERS.items()}


@pytest.fixture(scope="module")
def results(units: dict[str, Unit], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build and run the program once; return the lines it prints: a unit's name and an output."""
    folder = tmp_path_factory.mktemp("units")
    for unit in units.values():
        lines = []
        for given, _ in unit.vectors:
            vector, at = 0, 0
            for port, bits in unit.inputs.items():
                vector |= given[port] << at
                at += bits
            lines.append(f"{vector:x}\n")
        (folder / f"{unit.name}.hex").write_text("".join(lines))
    (folder / "bench.sv").write_text(bench(units.values()))
    sources = [str(RTL / f"{name}.sv") for name in SOURCES]
    library = run_time_library(kept_in(tmp_path_factory.getbasetemp() / "designs"))
    files = [str(folder / "bench.sv"), *sources]
    program = compiled("bench", ["-Wno-lint", "-Wno-style", *files], folder / "obj", library)
    run = subprocess.run([str(program)], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr or run.stdout
    return run.stdout.splitlines()


@pytest.mark.parametrize("case", MAKERS)
def test_unit(case: str, units: dict[str, Unit], results: list[str]) -> None:
    unit = units[case]
    found = [line.split()[1] for line in results if line.split()[0] == unit.name]
    assert len(found) == len(unit.vectors)
    for (given, expected), result in zip(unit.vectors, found, strict=True):
        assert int(result, 16) == expected, given


@pytest.mark.parametrize("case", MAKERS)
def test_no_warnings(case: str, units: dict[str, Unit]) -> None:
    unit = units[case]
    parameters = [f"-G{key}={value}" for key, value in unit.parameters.items()]
    command = ["verilator", "--lint-only", "-Wall", "-y", str(RTL), "--top-module", unit.module]
    command += [*parameters, str(RTL / f"{unit.module}.sv")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
