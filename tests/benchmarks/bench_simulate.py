"""What a person waits for: simulations from trace to table, and the start of the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from shipped import in_fixed_order

from pgsim import load_arch, load_trace, simulate, synthetic_trace
from pgsim.model.search.remembered import FOLDER
from pgsim.workload.saved_trace import join_traces
from pgsim.workload.verification import _SOUND


@pytest.mark.parametrize("scheduler", ["skip", "combine", "queue"])
def test_resnet18(rate: Callable[..., None], scheduler: str) -> None:
    trace = synthetic_trace(
        "resnet18", images=16, density=0.3, clustering=0.5, channel_spread=0.15, seed=0
    )
    mask_bits = trace.images * sum(each.shape.outputs for each in trace.layers if each.shape.gated)
    arch = in_fixed_order("pg_ws", {"batch": 1, "lsb.scheduler": scheduler})
    rate(f"simulate with {scheduler}", mask_bits // 8, lambda: simulate(trace, arch))


@pytest.mark.parametrize("objective", ["latency", "energy", "dram"])
@pytest.mark.parametrize("batch", [1, 16])
def test_search_of_resnet18(benchmark: BenchmarkFixture, batch: int, objective: str) -> None:
    """The loop nests of all its layers, at 8 bits: nothing else of it takes long."""
    trace = synthetic_trace(
        "resnet18", images=16, density=0, clustering=0, channel_spread=0, seed=0
    )
    arch = load_arch("pg_os").override({"batch": batch})
    simulate(trace, arch, "uniform:8,8", objective=objective)  # compiles the kernels
    benchmark.pedantic(lambda: simulate(trace, arch, "uniform:8,8", objective=objective), rounds=3)


@pytest.mark.parametrize(
    ("trace", "arch", "scheme"),
    [
        ("digits_pg_4_2", "pg_ws", "pg"),
        ("digits_pg_4_2", "fixed_8bit", "uniform:8,8"),
    ],
)
def test_shipped_trace(benchmark: BenchmarkFixture, trace: str, arch: str, scheme: str) -> None:
    loaded = load_trace(trace), load_arch(arch)
    simulate(*loaded, scheme)  # compiles the kernels
    benchmark(simulate, *loaded, scheme)


@pytest.mark.parametrize("how", ["searched", "remembered", "fixed"])
def test_gated_trace(
    benchmark: BenchmarkFixture, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nests that are searched for, those that a run before remembers, and the fixed order."""
    monkeypatch.setenv(FOLDER, str(tmp_path) if how == "remembered" else "")
    arch = load_arch("pg_os").override({"mapping": "fixed"} if how == "fixed" else {})
    trace = load_trace("resnet20_pg_4_2")
    simulate(trace, arch)
    benchmark(simulate, trace, arch)


def test_one_image_of_digits(benchmark: BenchmarkFixture) -> None:
    trace, arch = load_trace("digits_pg_4_2"), load_arch("pg_ws").override({"batch": 1})
    all_but_one = trace.images - 1
    simulate(trace, arch, calibration_images=all_but_one)
    benchmark(simulate, trace, arch, calibration_images=all_but_one)


@pytest.fixture(scope="module")
def whole_test_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace as large as that of all 10,000 test images, of the 200 that are shipped."""
    path = tmp_path_factory.mktemp("whole") / "whole"
    join_traces([load_trace("resnet20_pg_4_2")] * 50, path)
    return path


@pytest.mark.parametrize("verify", [False, True])
def test_ten_thousand_images(
    benchmark: BenchmarkFixture, whole_test_set: Path, verify: bool
) -> None:
    """Loading has to cost at most a tenth more where it verifies what it loads."""
    arch = load_arch("pg_os")
    benchmark.pedantic(
        lambda: simulate(load_trace(whole_test_set, verify=verify), arch),
        setup=_SOUND.clear,  # each round is of a new process
        rounds=3,
        warmup_rounds=1,
    )


def test_help(benchmark: BenchmarkFixture) -> None:
    command = [sys.executable, "-m", "pgsim", "--help"]
    benchmark(subprocess.run, command, check=True, capture_output=True)
