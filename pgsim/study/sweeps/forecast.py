"""How long a sweep should take, and how much memory, from a few of its points."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgsim.study.sweeps.order import batches
from pgsim.study.sweeps.points import Points
from pgsim.study.sweeps.run import Simulation, processes_of

if sys.platform != "win32":
    import resource

_PLACES = 3  # in the order in which points run, at which some are simulated
_AT_EACH = 4  # of which the first does for itself what the others share
_AT_MOST_S = 20.0
_TABLE_BYTES_A_BYTE = 2  # of the journal: of a table while it is made, at the end
_MIB = 2**20


@dataclass(frozen=True)
class Forecast:
    """An estimate: seconds of all points on so many processes, and MiB of all of these."""

    seconds: float
    mib: float
    processes: int
    simulated: int

    def __str__(self) -> str:
        """Return it as a sentence."""
        many = "1 process" if self.processes == 1 else f"{self.processes} processes"
        points = "1 point" if self.simulated == 1 else f"{self.simulated} points"
        return (
            f"about {_duration(self.seconds)} on {many} and {self.mib:,.0f} MiB of memory, "
            f"estimated from {points}"
        )


def forecast_of(points: Points, jobs: int | None) -> Forecast:
    """Simulate a few points, here and there, and return what all should take.

    Kernels that are compiled for them are no part of it: a sweep finds them compiled.
    """
    from pgsim.kernels.compile_time import compile_timer  # Numba: only if anything is simulated

    processes = min(processes_of(jobs), len(points))
    with compile_timer() as compiling_s:
        measured = _measured(points, lambda: time.monotonic() - compiling_s())
    total_s = measured.seconds * len(points) / measured.covered / processes
    table_mib = len(points) * measured.largest * _TABLE_BYTES_A_BYTE / _MIB
    return Forecast(total_s, processes * _peak_mib() + table_mib, processes, measured.simulated)


@dataclass
class _Measured:
    """Points that were simulated, and the seconds of those that their batches hold, `covered`.

    largest: bytes of a record.
    """

    seconds: float = 0.0
    simulated: int = 0
    covered: int = 0
    largest: int = 0


def _measured(points: Points, clock_s: Callable[[], float]) -> _Measured:
    """Simulate a few points of some batches, until time is up."""
    work, began_s, found = Simulation(points), clock_s(), _Measured()
    for batch in _some_batches(points):
        times = []
        for number in batch[:_AT_EACH]:
            start_s = clock_s()
            found.largest = max(found.largest, len(work(number)))
            times.append(clock_s() - start_s)
            if clock_s() - began_s > _AT_MOST_S:
                break
        later = times[1:] or times
        found.seconds += times[0] + (len(batch) - 1) * sum(later) / len(later)
        found.simulated += len(times)
        found.covered += len(batch)
        if clock_s() - began_s > _AT_MOST_S:
            break
    return found


def _some_batches(points: Points) -> Iterator[list[int]]:
    """Yield the batches of the first point, of one in the middle, and of the last one."""
    wanted = [place * (len(points) - 1) // (_PLACES - 1) for place in range(_PLACES)]
    passed = 0
    for batch in batches(points, points.is_kept, takers=1):
        passed += len(batch)
        if any(place < passed for place in wanted):
            yield batch
        wanted = [place for place in wanted if place >= passed]


def _peak_mib() -> float:
    """Return the most memory that this process has used, 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (_MIB if sys.platform == "darwin" else 1024)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s"
    minutes = seconds / 60
    return f"{minutes:.2g} min" if minutes < 90 else f"{minutes / 60:.2g} h"
