"""Where the time of a sweep goes, stage by stage, of one process.

    python tests/benchmarks/stages.py [POINTS]

A stage's time is what its functions take without those of other stages that they call. Every point
has another clock or bandwidth, so that all share mapping and mask work.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from pgsim import SweepSpec, load_trace, save_trace, synthetic_trace
from pgsim.study.sweeps import sweep_into

STAGES = {  # what a person calls it -> its functions, where they are looked up
    "designs made and checked": ("arch.config.ArchConfig.override",),
    "costs of their parts": ("study.simulation.costs_of", "study.sweeps.checks.costs_of"),
    "counts: nest, events, ledger": ("study.counting.Network.counted",),
    "energies": ("study.simulation.energies_of", "study.counting.energy_prices"),
    "columns of the row": ("results.tables._summary",),
    "files found unchanged": ("study.sweeps.run._check_sources",),
    "record, and journal on the disk": (
        "study.sweeps.run.record",
        "study.sweeps.journal.Journal.add",
    ),
    "table written": ("study.sweeps.written._write",),
}


class Clock:
    """Processor time of each stage, without that of stages inside of it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running: list[str] = []
        self._since = process_time()

    def note(self) -> None:
        """Give the time that has gone by to the innermost stage."""
        now = process_time()
        self.seconds[self._running[-1] if self._running else "all else"] += now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block as one of a stage."""
        self.note()
        self._running.append(name)
        try:
            yield
        finally:
            self.note()
            self._running.pop()


def timed(function: Callable[..., Any], clock: Clock, stage: str) -> Callable[..., Any]:
    """Return a function whose time is its stage's."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with clock.stage(stage):
            return function(*args, **kwargs)

    return call


def spec_of(points: int, trace: Path) -> SweepSpec:
    """Return a sweep of so many clocks and bandwidths, each of which is another point."""
    bandwidths = tuple(place / 2 for place in range(2, 62))
    axes = {
        "mapping.kind": ("fixed",),
        "clock_mhz": tuple(range(100, 100 + -(-points // len(bandwidths)))),
        "memory.dram.gb_per_s": bandwidths,
    }
    return SweepSpec(traces=[str(trace)], archs=["pg_os"], axes=axes, rows="point")


def main(points: int) -> None:
    """Run a sweep once to compile kernels and once to time it, and print its stages."""
    shapes = [layer.shape for layer in load_trace("resnet20_pg_4_2").layers]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as patches:
        trace = Path(folder, "one.safetensors")
        save_trace(synthetic_trace(shapes, images=1, density=0.3), trace)
        sweep_into(Path(folder, "warm.csv"), spec_of(60, trace), jobs=1)
        clock = Clock()
        for stage, functions in STAGES.items():
            for name in functions:
                target = f"pgsim.{name}"
                owner, _, attribute = target.rpartition(".")
                patches.enter_context(patch(target, timed(_found(owner, attribute), clock, stage)))
        clock.note()
        clock.seconds.clear()
        outcome = sweep_into(Path(folder, "rows.csv"), spec_of(points, trace), jobs=1)
        clock.note()
    total = sum(clock.seconds.values())
    print(f"{outcome.points:,} points of ResNet-20, one image, in {total:.2f} s of processor time")
    for stage in (*STAGES, "all else"):
        own = clock.seconds[stage]
        print(f"{stage:34}{own / outcome.points * 1e6:7.0f} us a point{own / total:7.0%}")


def _found(owner: str, attribute: str) -> Callable[..., Any]:
    from pkgutil import resolve_name

    return getattr(resolve_name(owner), attribute)  # type: ignore[no-any-return]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6_000)
