"""`ideal`: nothing takes time, and everything counts (M51)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from designs import design, linear, random_mask, trace_of

from pgsim import InputError, plot_roofline, simulate, write_timeline

LAYER = linear(40, 12, 6)
CHANGES = {"memory.dram.bytes_per_cycle": 0.25, "lsb.window": 8}


def test_cycles_are_the_arrays_and_bytes_are_the_same() -> None:
    trace = trace_of(LAYER, random_mask(LAYER, 3))
    slow, ideal = (
        simulate(trace, design(CHANGES | {"memory.dram.model": model})).summary
        for model in ("bandwidth", "ideal")
    )
    assert ideal["dram_stall_cycles"] == 0 < slow["dram_stall_cycles"]
    assert ideal["cycles"] == slow["cycles"] - slow["dram_stall_cycles"]
    for column in ("dram_read_bytes", "dram_write_bytes", "energy_dram_pj"):
        assert ideal[column] == slow[column] > 0


def test_a_search_weighs_what_is_left() -> None:
    ungated = linear(64, 48, 16, gate="none", msb_bits=4)
    keys = CHANGES | {"memory.dram.model": "ideal", "memory.output_sram.kib": 16}
    fixed, searched = (
        simulate(trace_of(ungated), design(keys | {"mapping": kind}), "full").cycles
        for kind in ("fixed", "search")
    )
    assert searched <= fixed


def test_a_timeline_tells_bytes_that_take_no_time(tmp_path: Path) -> None:
    result = simulate(
        trace_of(LAYER, random_mask(LAYER, 2)), design(CHANGES | {"memory.dram.model": "ideal"})
    )
    write_timeline(result, tmp_path / "t.json")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    moved = [each["args"] for each in events if each.get("cat") == "transfer"]
    for column in ("dram_read_bytes", "dram_write_bytes"):
        assert sum(args.get(column, 0) for args in moved) == result.summary[column]


def test_there_is_no_roof(tmp_path: Path) -> None:
    arch = design({"memory.dram.model": "ideal"})
    frame = simulate(trace_of(LAYER, random_mask(LAYER, 2)), arch).layers
    with pytest.raises(InputError, match="a roofline needs a bandwidth"):
        plot_roofline(frame, tmp_path / "r.png", arch)
