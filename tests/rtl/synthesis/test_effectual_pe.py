"""The PEs that go by values sum what their lanes' terms are worth (M58)."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from rtl.building import compiled, kept_in, run_time_library
from rtl.verilator import needs_verilator

pytestmark = [needs_verilator, pytest.mark.xdist_group("rtl")]

SOURCE = Path(__file__).parent / "effectual_pe.sv"
CYCLES, LANES = 300, 4

BENCH = """
module bench;
  logic clk = 0;
  logic first = 0;
  logic [WIDTH-1:0] vectors[CYCLES];
  logic [WIDTH-1:0] now = '0;
  logic signed [31:0] sum;
  TOP #(PARAMETERS) pe (.clk(clk), .first(first), PORTS .sum(sum));
  initial begin
    $readmemh("vectors.hex", vectors);
    for (int i = 0; i < CYCLES; i++) begin
      now = vectors[i];
      #1 clk = 1;
      #1 clk = 0;
      first = i % 16 == 0;
      $display("%0d", sum);
      #1;
    end
    $finish;
  end
endmodule
"""


def run(
    top: str, parameters: Mapping[str, int], ports: Mapping[str, int], folder: Path, library: Path
) -> tuple[list[dict[str, int]], list[int]]:
    """What the ports got in each cycle, and the sums after each; ports: by name, their bits."""
    draw, vectors = random.Random(f"{top} {parameters}"), []
    for _ in range(CYCLES):
        vectors.append({name: draw.getrandbits(bits) for name, bits in ports.items()})
    words, slices, low = [0] * CYCLES, [], 0
    for name, bits in ports.items():
        words = [word | own[name] << low for word, own in zip(words, vectors, strict=True)]
        slices.append(f".{name}(now[{low + bits - 1}:{low}]),")
        low += bits
    (folder / "vectors.hex").write_text("".join(f"{word:x}\n" for word in words))
    constants = {
        "CYCLES": f"{CYCLES}",
        "WIDTH": f"{low}",
        "TOP": top,
        "PARAMETERS": ", ".join(f".{key}({value})" for key, value in parameters.items()),
        "PORTS": " ".join(slices),
    }
    bench = BENCH
    for name, text in constants.items():
        bench = bench.replace(name, text)
    (folder / "bench.sv").write_text(bench)
    warned_of = ["-Wno-lint", "-Wno-style", "-Wno-fatal"]
    files = [str(folder / "bench.sv"), str(SOURCE)]
    program = compiled("bench", [*warned_of, *files], folder / "obj", library)
    done = subprocess.run([str(program)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    lines = [line for line in done.stdout.split("\n") if line.strip().lstrip("-").isdigit()]
    return vectors, [int(line) for line in lines]


def accumulated(totals: list[int]) -> list[int]:
    """The sums a cycle later, begun anew in every sixteenth; of 32 bits."""
    found, total = [], 0
    for index, each in enumerate(totals):
        total = each if index % 16 == 0 else total + each
        found.append((total + 2**31) % 2**32 - 2**31)
    return found


def field(word: int, place: int, bits: int) -> int:
    return word >> place * bits & (1 << bits) - 1


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) * (value >> bits - 1)


@pytest.mark.parametrize(("stage_bits", "registers", "ways"), [(2, 0, 2), (3, 1, 1)])
def test_pragmatic(
    stage_bits: int,
    registers: int,
    ways: int,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    term_bits = stage_bits + 2
    way_bits = max(1, (ways - 1).bit_length())
    ports = {
        "in_use": 1,
        "filled": 1,
        "lowest": 3,
        "ways": LANES * way_bits,
        "rows": LANES * ways * term_bits,
        "columns": LANES * 8,
    }
    parameters = {"TERMS": LANES, "STAGE_BITS": stage_bits, "REGISTERS": registers, "WAYS": ways}
    library = run_time_library(kept_in(tmp_path_factory.getbasetemp() / "designs"))
    vectors, sums = run("pragmatic_pe", parameters, ports, tmp_path, library)
    sets, totals = [0, 0], []
    for own in vectors:
        sets[own["filled"] if registers else 0] = own["columns"]
        weights, total = sets[own["in_use"] if registers else 0], 0
        for lane in range(LANES):
            way = field(own["ways"], lane, way_bits) if ways > 1 else 0
            term = field(own["rows"], lane * ways + way, term_bits)
            if term & 1:
                sign = -1 if term & 2 else 1
                total += sign * signed(field(weights, lane, 8), 8) << (term >> 2)
        totals.append(total << own["lowest"] if stage_bits < 3 else total)
    # The sum after cycle i has the terms that came a cycle before, and begins with `first`.
    assert sums[1:] == accumulated(totals)[:-1]


def test_laconic(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    ports = {"rows": LANES * 5, "columns": LANES * 5}
    library = run_time_library(kept_in(tmp_path_factory.getbasetemp() / "designs"))
    vectors, sums = run("laconic_pe", {"TERMS": LANES}, ports, tmp_path, library)
    totals = []
    for own in vectors:
        total = 0
        for lane in range(LANES):
            activation, weight = (field(own[each], lane, 5) for each in ("rows", "columns"))
            if activation & weight & 1:
                sign = -1 if (activation ^ weight) & 2 else 1
                total += sign << (activation >> 2) + (weight >> 2)
        totals.append(total)
    assert sums[1:] == accumulated(totals)[:-1]
