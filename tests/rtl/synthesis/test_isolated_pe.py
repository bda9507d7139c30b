"""The isolated PE sums what a PE sums: products with a zero operand add nothing (M45)."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from rtl.building import compiled, kept_in, run_time_library
from rtl.verilator import needs_verilator

pytestmark = [needs_verilator, pytest.mark.xdist_group("rtl")]

RTL = Path(__file__).parents[1]
SOURCES = (
    "brick.sv",
    "shift_add_tree.sv",
    "fusion_unit.sv",
    "term_unit.sv",
    "operand_selector.sv",
    "processing_element.sv",
    "synthesis/isolated_pe.sv",
)
CYCLES = 400

# The cell that gates clocks: a latch, open while the clock is low, and an AND.
BENCH = """
module sky130_fd_sc_hd__dlclkp_1 (input logic CLK, input logic GATE, output logic GCLK);
  logic open;
  always_latch if (!CLK) open = GATE;
  assign GCLK = CLK & open;
endmodule

module bench;
  logic clk = 0;
  logic first = 1;
  logic [7:0] vectors[2*CYCLES];
  logic [ROW_WIRES-1:0] rows = '0;
  logic [ROW_WIRES-1:0] columns = '0;
  logic signed [31:0] sum;
  isolated_pe #(.FUSION(KIND)) pe (
      .clk(clk), .first(first), .activation_log2(3'd3), .weight_log2(3'd3),
      .activation_signed(1'b0), .weight_signed(1'b1),
      .rows_count(rows != 0), .columns_count(columns != 0), .rows(rows), .columns(columns),
      .rows_count_on(), .columns_count_on(), .rows_on(), .columns_on(), .sum(sum));
  initial begin
    $readmemh("vectors.hex", vectors);
    for (int i = 0; i < CYCLES; i++) begin
      rows = ROW_WIRES'(vectors[2*i]);
      columns = ROW_WIRES'(vectors[2*i+1]);
      #1 clk = 1;
      #1 first = i % 16 == 0;
      clk = 0;
      if (i > 0) $display("%0d", sum);
      #1;
    end
    $finish;
  end
endmodule
"""


def sums(pairs: list[tuple[int, int]]) -> list[int]:
    """The sum after each pair's product but the last, begun anew with every sixteenth."""
    found, total = [], 0
    for index, (activation, weight) in enumerate(pairs[:-1]):
        product = activation * (weight - 256 * (weight >> 7))
        total = product if index % 16 == 0 else total + product
        found.append(total)
    return found


@pytest.mark.parametrize(("kind", "wires"), [(0, 8), (1, 32)])
def test_zeros_are_left_out_and_everything_else_is_summed(
    kind: int, wires: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = random.Random(kind)
    pairs = [
        (draw.randrange(256) * draw.randrange(2), draw.randrange(256) * draw.randrange(2))
        for _ in range(CYCLES)
    ]
    (tmp_path / "vectors.hex").write_text("".join(f"{a:x}\n{w:x}\n" for a, w in pairs))
    bench = BENCH
    constants = {"CYCLES": f"{CYCLES}", "ROW_WIRES": f"{wires}", "KIND": f"1'b{kind}"}
    for name, value in constants.items():
        bench = bench.replace(name, value)
    (tmp_path / "bench.sv").write_text(bench)
    files = [str(tmp_path / "bench.sv"), *(str(RTL / each) for each in SOURCES)]
    library = run_time_library(kept_in(tmp_path_factory.getbasetemp() / "designs"))
    warned_of = ["-Wno-lint", "-Wno-style", "-Wno-fatal"]
    program = compiled("bench", [*warned_of, *files], tmp_path / "obj", library)
    run = subprocess.run([str(program)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr or run.stdout
    found = [int(line) for line in run.stdout.split("\n") if line.strip().lstrip("-").isdigit()]
    assert found == sums(pairs)
