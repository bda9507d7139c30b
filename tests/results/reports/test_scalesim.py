"""SCALE-Sim's reports: its headers, its figures, and what pgsim says of what it has no word for."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import design, linear, random_mask, trace_of
from scalesim_rows import ideal, told

from pgsim import GateTrace, simulate, write_reports

# scalesim/simulator.py of version 3.0.0.
COMPUTE = (
    "LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, "
    "Mapping Efficiency %, Compute Util %,"
)
DETAILED = (
    "LayerID, SRAM IFMAP Start Cycle, SRAM IFMAP Stop Cycle, SRAM IFMAP Reads, "
    "SRAM Filter Start Cycle, SRAM Filter Stop Cycle, SRAM Filter Reads, "
    "SRAM OFMAP Start Cycle, SRAM OFMAP Stop Cycle, SRAM OFMAP Writes, "
    "DRAM IFMAP Start Cycle, DRAM IFMAP Stop Cycle, DRAM IFMAP Reads, "
    "DRAM Filter Start Cycle, DRAM Filter Stop Cycle, DRAM Filter Reads, "
    "DRAM OFMAP Start Cycle, DRAM OFMAP Stop Cycle, DRAM OFMAP Writes,"
)
BYTES = {f"memory.{each}_sram.port_bits": 8 for each in ("activation", "weight", "output")}


def reports(folder: Path, trace: GateTrace, arch, scheme: str = "full") -> list[list[dict]]:
    """The rows of both reports, by header."""
    found = []
    for path in write_reports(simulate(trace, arch, scheme), folder):
        head, *lines = path.read_text().splitlines()
        assert head == {"COMPUTE_REPORT.csv": COMPUTE}.get(path.name, DETAILED)
        assert all(line.endswith(",") for line in lines)
        names = head.rstrip(",").split(", ")
        found.append([dict(zip(names, line[:-1].split(", "), strict=True)) for line in lines])
    return found


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_figures_are_those_of_scale_sim(dataflow: str, tmp_path: Path) -> None:
    for each in told(dataflow)[::4]:
        (compute,), (detailed,) = reports(tmp_path, each.trace, ideal(each.array, **BYTES))
        assert int(compute["Total Cycles"]) == each.total_cycles
        assert compute["Stall Cycles"] == "0"
        assert float(compute["Overall Util %"]) == pytest.approx(each.overall)
        assert int(detailed["SRAM IFMAP Reads"]) == each.ifmap_reads
        assert int(detailed["SRAM Filter Reads"]) == each.filter_reads
        if each.array["array.rows"] * each.array["array.columns"] > 1:
            assert float(compute["Mapping Efficiency %"]) == pytest.approx(each.mapping)


def test_the_array_computes_as_scale_sim_has_it_under_os(tmp_path: Path) -> None:
    # SCALE-Sim has the mean over folds, all as long as others, of MACs over PEs and cycles; the one
    # cycle that its total is short is one of them.
    for each in told("os")[::4]:
        (compute,), _ = reports(tmp_path, each.trace, ideal(each.array))
        missed = each.total_cycles / (each.total_cycles + 1)
        assert missed * float(compute["Compute Util %"]) == pytest.approx(each.compute)


def test_figures_are_of_an_image_and_what_is_not_known_is_empty(tmp_path: Path) -> None:
    layer = linear(6, 3, 2)
    trace = trace_of(layer, random_mask(layer, 3))
    result = simulate(trace, design(), "pg")
    (compute,), (detailed,) = reports(tmp_path, trace, design(), "pg")
    assert float(compute["Total Cycles"]) == pytest.approx(result.cycles / 3)
    assert compute["Total Cycles"] == compute["Total Cycles (incl. prefetch)"]
    # 16-byte bursts, each of whose reads is a whole one an image.
    assert detailed["DRAM OFMAP Writes"] == str(result.summary["dram_write_bytes"] // 3)
    unknown = [value for name, value in detailed.items() if "Start" in name or "Stop" in name]
    assert unknown == [""] * 12
