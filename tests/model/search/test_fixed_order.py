"""The fixed order in the smaller windows that are chosen (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs import design, linear, trace_of
from fixed_orders import as_known, case_of, windowed_case
from search_cases import SearchCase, windows_of

from pgsim import simulate
from pgsim.arch import OBJECTIVES
from pgsim.model.blocks import Block
from pgsim.model.search.fixed_order import best_window
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore
from pgsim.study.nests import explain


def found(case: SearchCase, objective: str) -> int | None:
    """The window that betters the fixed order in a window as long as there is room for."""
    job, store = case.job, WorkStore(limit_bytes=0)
    block = Block(0, job.batch, case.images // job.batch, 0)
    geometry = Geometry(job, case.goal(objective))
    masks = Windows(job, case.goal(objective), block, store)
    return best_window(geometry, masks, as_known(case.cost(None), objective))


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("number", range(8))
def test_the_chosen_window_is_the_least_of_all(number: int, gated: bool) -> None:
    """Every window is simulated, without a mask for one batch. Of equal ones the longest counts."""
    case = windowed_case(number, gated=gated)
    case = case if gated else replace(case, images=case.job.batch)
    costs = {window: case.cost(None, window) for window in (None, *windows_of(case))}
    for objective in OBJECTIVES:
        expected = None
        for window, cost in costs.items():
            if cost.is_less_than(costs[expected], objective):
                expected = window
        assert found(case, objective) == expected, objective


def test_a_window_that_costs_the_same_as_the_longest_is_not_chosen() -> None:
    """By hand from M41: at last the longest window decides.

    Whole words and bursts of a byte leave nothing that could differ, and lanes load but once.
    """
    ports = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
    eight = {"activation_bits": 8, "weight_bits": 8, "msb_bits": None, "gate": "none"}
    changes = {**ports, "array.dataflow": "ws", "memory.dram.burst_bytes": 1}
    case = case_of(linear(12, 4, 2, **eight), changes, output_bits=8)
    assert len({case.cost(None, window) for window in (None, *range(1, 12))}) == 1
    for objective in OBJECTIVES:
        assert found(case, objective) is None


def test_the_table_and_the_lines_name_the_shorter_window_that_is_chosen():
    """Windows of 4 + 2 take 28 cycles, and one of 6 takes 36: MODEL.md counts them in M41."""
    arch = design(
        {
            "array.dataflow": "ws",
            "memory.dram.bytes_per_cycle": 1,
            "memory.dram.burst_bytes": 1,
        }
    )
    trace = trace_of(linear(6, 4, 2, gate="none"))
    result = simulate(trace, arch, "full", objective="latency")
    (fixed,), (chosen,) = simulate(trace, arch, "full").rows, result.rows
    assert [fixed["window_slots"], fixed["cycles"]] == [6, 36]
    assert [chosen["nest_order"], chosen["window_slots"], chosen["cycles"]] == ["fixed", 4, 28]
    line = "  windows of 4 slots, fewer than the output buffer has room for"
    lines = explain(result, "linear")
    assert "  for 2 windows of 4 positions, the last of 2:" in lines
    assert lines[-1] == line
