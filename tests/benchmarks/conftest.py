"""The fixture `rate`, and a table of rates beside the memory bandwidth of the same machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

BYTES_A_SECOND = pytest.StashKey[dict[str, float]]()
READ = "memory: read"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BYTES_A_SECOND] = {}


@pytest.fixture
def rate(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Measure some work that goes through `data_bytes`, and report its rate under a name."""

    def measure(name: str, data_bytes: int, work: Callable[[], object]) -> None:
        work()  # compiles the kernels
        benchmark(work)
        if benchmark.enabled:
            request.config.stash[BYTES_A_SECOND][name] = data_bytes / benchmark.stats["median"]

    return measure


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print each measured rate, and its share of the read bandwidth if that was measured too."""
    rates = config.stash[BYTES_A_SECOND]
    if not rates:
        return
    terminalreporter.section("rates by median times")
    for name, bytes_a_second in rates.items():
        line = f"{name:<28}{bytes_a_second / 1e9:10.3f} GB/s{bytes_a_second / 1.25e8:10.2f} Gbit/s"
        if READ in rates:
            line += f"{bytes_a_second / rates[READ]:9.1%} of the read bandwidth"
        terminalreporter.write_line(line)
