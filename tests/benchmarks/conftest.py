"""Rates of what is measured, and a table of them beside this machine's memory bandwidth."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

BYTES_A_SECOND = pytest.StashKey[dict[str, float]]()
POINTS_A_SECOND = pytest.StashKey[dict[str, float]]()
READ = "memory: read"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BYTES_A_SECOND] = {}
    config.stash[POINTS_A_SECOND] = {}


@pytest.fixture
def rate(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Measure some work that goes through `data_bytes`, and report its rate under a name."""

    def measure(name: str, data_bytes: int, work: Callable[[], object]) -> None:
        work()  # compiles the kernels
        benchmark(work)
        if benchmark.enabled:
            request.config.stash[BYTES_A_SECOND][name] = data_bytes / benchmark.stats["median"]

    return measure


@pytest.fixture
def points_rate(
    benchmark: BenchmarkFixture, request: pytest.FixtureRequest
) -> Callable[[int, Callable[[], object]], None]:
    """Measure once some work that simulates `count` points of a sweep, and report their rate."""

    def measure(count: int, work: Callable[[], object]) -> None:
        benchmark.pedantic(work, rounds=1)
        if benchmark.enabled:
            found = count / benchmark.stats["mean"]
            request.config.stash[POINTS_A_SECOND][request.node.name] = found

    return measure


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print each measured rate, and its share of the read bandwidth if that was measured too."""
    points = config.stash[POINTS_A_SECOND]
    if points:
        terminalreporter.section("points of sweeps")
    for name, a_second in points.items():
        terminalreporter.write_line(f"{name:<40}{a_second:12,.1f} points/s")
    rates = config.stash[BYTES_A_SECOND]
    if not rates:
        return
    terminalreporter.section("rates by median times")
    for name, bytes_a_second in rates.items():
        line = f"{name:<42}{bytes_a_second / 1e9:10.3f} GB/s{bytes_a_second / 1.25e8:10.2f} Gbit/s"
        if READ in rates:
            line += f"{bytes_a_second / rates[READ]:9.1%} of the read bandwidth"
        terminalreporter.write_line(line)
