"""How many points of a sweep a core simulates in a second: of one image of ResNet-20's 20 layers.

Points of the first kind differ in clock and technology, and share nests and counts; those of the
second in bandwidth, at the fixed order; those of the third each search nests of their own. Whole
sweeps also check all points first, keep each finished one on the disk, and write a table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pgsim import SweepSpec, load_trace, save_trace, synthetic_trace
from pgsim.study.sweeps import sweep_into, sweep_points
from pgsim.study.sweeps.order import batches
from pgsim.study.sweeps.run import Simulation

FIXED = {"mapping.kind": ("fixed",)}
KINDS = {
    "prices": (FIXED | {"clock_mhz": tuple(range(100, 700))}, 500),
    "bandwidth": (FIXED | {"memory.dram.gb_per_s": tuple(n / 8 for n in range(8, 608))}, 500),
    "searches": ({"array.rows": tuple(range(8, 16))}, 6),
}


@pytest.fixture(scope="module")
def one_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of masks of one image."""
    shapes = [layer.shape for layer in load_trace("resnet20_pg_4_2").layers]
    path: Path = tmp_path_factory.mktemp("traces") / "one"
    save_trace(synthetic_trace(shapes, images=1, density=0.3), path)
    return str(path)


@pytest.mark.parametrize("rows", ["layer", "point"])
@pytest.mark.parametrize("kind", KINDS)
def test_points(points_rate: Callable[..., None], one_image: str, kind: str, rows: str) -> None:
    axes, count = KINDS[kind]
    points = sweep_points(SweepSpec(traces=[one_image], archs=["pg_os"], axes=axes, rows=rows))
    first, *numbers = (number for batch in batches(points, points.is_kept, 1) for number in batch)
    work = Simulation(points)
    work(first)  # compiles the kernels, and does what the others share

    def simulate_all() -> None:
        for number in numbers[:count]:
            work(number)

    points_rate(count, simulate_all)


@pytest.mark.parametrize("rows", ["layer", "point"])
def test_points_of_200_images(points_rate: Callable[..., None], rows: str) -> None:
    """As `prices`, of the whole trace."""
    axes, count = KINDS["prices"]
    spec = SweepSpec(traces=["resnet20_pg_4_2"], archs=["pg_os"], axes=axes, rows=rows)
    work = Simulation(sweep_points(spec))
    work(0)

    def simulate_all() -> None:
        for number in range(1, count + 1):
            work(number)

    points_rate(count, simulate_all)


@pytest.mark.parametrize("jobs", [1, 2])
def test_whole_sweep(
    points_rate: Callable[..., None], one_image: str, tmp_path: Path, jobs: int
) -> None:
    """As `prices`, of 8,000 points at once: with two processes, on a machine with two cores."""
    axes = FIXED | {
        "clock_mhz": tuple(range(100, 500)),
        "memory.dram.gb_per_s": tuple(range(1, 21)),
    }
    spec = SweepSpec(traces=[one_image], archs=["pg_os"], axes=axes, rows="point")
    points_rate(8_000, lambda: sweep_into(tmp_path / "points.csv", spec, jobs=jobs))
