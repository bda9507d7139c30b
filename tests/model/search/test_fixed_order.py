"""The fixed order in smaller windows: which there are, and what they cost at least (M41)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import design, linear, random_mask, trace_of
from jobs import job_of
from search_cases import SearchCase, search_case, windows_of

from pgsim import simulate
from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_value import better
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.search.fixed_bound import FixedBound
from pgsim.model.search.fixed_frame import FixedFrame
from pgsim.model.search.fixed_stages import FixedStages
from pgsim.model.search.smaller_windows import smaller_windows
from pgsim.model.work_store import WorkStore
from pgsim.study.nests import explain

KINDS = pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])


def listed(changes: dict[str, object], positions: int, *, gated: bool = False) -> list[int]:
    gate = {} if gated else {"gate": "none"}
    layer = linear(positions, 8, 2, **gate)
    mask = random_mask(layer, 1, 0) if gated else None
    job = job_of(layer, mask, changes, "pg" if gated else "full")
    return smaller_windows(job).tolist()


# 96 bytes of two halves have room for 12 sums, six slots of two lanes; 64 KiB for 4096 slots.
SMALL = {
    "memory.output_sram.kib": 96 / 1024,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
    "array.dataflow": "ws",
}
LARGE = {"memory.output_sram.kib": 64, "array.dataflow": "ws"}


def test_each_window_is_one_of_a_smaller_buffer():
    assert listed(SMALL, 20) == [1, 2, 3, 4, 5]


def test_a_window_is_no_longer_than_the_run():
    assert listed(LARGE, 4) == [1, 2, 3]


def test_a_window_fills_the_rows_of_an_array_whose_sums_stay():
    assert listed({"memory.output_sram.kib": 64}, 13) == [4, 8, 12]


def test_no_window_is_looked_at_that_the_design_rules_out():
    assert listed({"lsb.window": 4}, 13, gated=True) == []


def test_of_long_runs_that_a_mask_steers_few_windows_are_looked_at():
    assert listed(LARGE, 64, gated=True) == list(range(1, 64))
    assert listed(LARGE, 70, gated=True) == [1, 2, 4, 8, 16, 32, 64]
    assert listed(LARGE, 70) == list(range(1, 70))


@KINDS
@pytest.mark.parametrize("seed", range(0, 12))
def test_no_window_costs_less_than_its_bound(seed: int, gated: bool) -> None:
    case = search_case(seed, gated=gated, most=6, batches=1 + seed % 2)
    windows = windows_of(case)
    for objective in OBJECTIVES:
        bound = bound_of(case, objective)
        assert bound.frame.windows.tolist() == windows[::-1]
        if not windows:
            continue
        places = np.arange(len(windows))
        steps = [least(places) for least in FixedStages(bound).steps]
        for place, window in enumerate(windows[::-1]):
            own = case.cost(None, window)
            cost = steps[0][place]._replace(
                value=own.value(objective),
                bursts=own.bursts,
                cycles=own.cycles,
                energy_pj=own.energy_pj,
            )
            assert bound.values[place] <= cost.value
            for least in (costs[place] for costs in steps):
                assert least.value <= cost.value
                assert not better(cost, least)[0]


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_what_windows_spend_beside_cycles_is_known_exactly(dataflow: str) -> None:
    """Whole words and bursts of a byte leave nothing to round: a bound that is lower is no help."""
    ports = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
    changes = {**LARGE, **ports, "array.dataflow": dataflow, "memory.dram.burst_bytes": 1}
    eight = {"activation_bits": 8, "weight_bits": 8, "msb_bits": None, "gate": "none"}
    layer = linear(12, 8, 10, **eight)
    case = SearchCase(layer, None, 1, changes, "full", output_bits=8, stays=(False, False))
    bound = bound_of(case, "energy")
    assert bound.frame.windows.size > 1
    for place, window in enumerate(bound.frame.windows.tolist()):
        own = case.cost(None, window)
        spent_pj = own.energy_pj - own.cycles * case.prices["cycles"]
        assert bound.frame.energy_pj[place] == pytest.approx(spent_pj, rel=1e-9)


def bound_of(case: SearchCase, objective: str) -> FixedBound:
    job: Job = case.job
    batches = case.images // job.batch if job.gated else 1
    frame = FixedFrame(job, case.goal(objective), smaller_windows(job), WorkStore(0))
    return FixedBound(frame, job, Block(0, job.batch, batches, 0), WorkStore(limit_bytes=0))


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
