"""Timelines and DRAM traces of PEs that go by values, every batch of which is its own (M58)."""

from __future__ import annotations

from pathlib import Path

import pytest
from timelines import check
from value_cases import value_case

from pgsim import ArchConfig, load_arch, load_trace, simulate
from pgsim.study.dram_trace import write_dram_trace
from pgsim.workload import layers_with_operands


@pytest.mark.parametrize("seed", range(12))
def test_timelines_of_random_cases_add_up_to_their_rows(seed: int, tmp_path: Path) -> None:
    own = value_case(seed)
    check(simulate(own.trace, ArchConfig.model_validate(own.case.arch), own.case.scheme), tmp_path)


def test_timelines_and_requests_of_several_images(tmp_path: Path) -> None:
    trace = layers_with_operands(load_trace("digits_pg_4_2"))
    result = simulate(trace, load_arch("pragmatic_micro_2017"), "full")
    check(result, tmp_path)
    write_dram_trace(result, tmp_path / "requests")
    lines = (tmp_path / "requests").read_text().splitlines()
    moved = result.summary["dram_read_bytes"] + result.summary["dram_write_bytes"]
    assert len(lines) * 64 == moved
