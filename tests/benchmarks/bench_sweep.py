"""How many points of a sweep a core simulates in a second: of one image of ResNet-20's 20 layers.

Points of the first kind differ in clock and technology, and share nests and counts; those of the
second in bandwidth, at the fixed order; those of the third each search nests of their own.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pgsim import SweepSpec, load_trace, save_trace, synthetic_trace
from pgsim.study.sweeps import sweep_points
from pgsim.study.sweeps.order import batches
from pgsim.study.sweeps.run import Simulation

FIXED = {"mapping.kind": ("fixed",)}
KINDS = {
    "prices": (FIXED | {"clock_mhz": tuple(range(100, 700))}, 500),
    "bandwidth": (FIXED | {"memory.dram.gb_per_s": tuple(n / 8 for n in range(8, 80))}, 50),
    "searches": ({"array.rows": tuple(range(8, 16))}, 6),
}


def note_rate(benchmark: BenchmarkFixture, count: int) -> None:
    """Write how many points a second were simulated beside the times, where times are taken."""
    if benchmark.enabled:
        benchmark.extra_info["points_a_second"] = count / benchmark.stats["mean"]


@pytest.fixture(scope="module")
def one_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of masks of one image."""
    shapes = [layer.shape for layer in load_trace("resnet20_pg_4_2").layers]
    path: Path = tmp_path_factory.mktemp("traces") / "one"
    save_trace(synthetic_trace(shapes, images=1, density=0.3), path)
    return str(path)


@pytest.mark.parametrize("rows", ["layer", "point"])
@pytest.mark.parametrize("kind", KINDS)
def test_points(benchmark: BenchmarkFixture, one_image: str, kind: str, rows: str) -> None:
    axes, count = KINDS[kind]
    points = sweep_points(SweepSpec(traces=[one_image], archs=["pg_os"], axes=axes, rows=rows))
    first, *numbers = (number for batch in batches(points, points.is_kept, 1) for number in batch)
    work = Simulation(points)
    work(first)  # compiles the kernels, and does what the others share

    def simulate_all() -> None:
        for number in numbers[:count]:
            work(number)

    benchmark.pedantic(simulate_all, rounds=1)
    note_rate(benchmark, count)


@pytest.mark.parametrize("rows", ["layer", "point"])
def test_points_of_200_images(benchmark: BenchmarkFixture, rows: str) -> None:
    """As `prices`, of the whole trace."""
    axes, count = KINDS["prices"]
    spec = SweepSpec(traces=["resnet20_pg_4_2"], archs=["pg_os"], axes=axes, rows=rows)
    work = Simulation(sweep_points(spec))
    work(0)

    def simulate_all() -> None:
        for number in range(1, count + 1):
            work(number)

    benchmark.pedantic(simulate_all, rounds=1)
    note_rate(benchmark, count)
