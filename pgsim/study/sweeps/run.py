"""Running a sweep on all cores: each point becomes a record, and all records one tidy table."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pgsim.cores import usable_cores
from pgsim.errors import ClockWarning, InputError
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.study.pool.cluster import run_on_cluster
from pgsim.study.pool.processes import Seat, run, started
from pgsim.study.pool.worker import Failed
from pgsim.study.simulation import simulate
from pgsim.study.sweeps.checks import Progress, sweep_points
from pgsim.study.sweeps.digests import pgsim_digest
from pgsim.study.sweeps.order import batches
from pgsim.study.sweeps.points import Point, Points
from pgsim.study.sweeps.records import frame_of, record
from pgsim.study.sweeps.sources import (
    FilesChanged,
    check_unchanged,
    technology_sources,
    trace_sources,
)
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import SHIFT, what_if_trace
from pgsim.workload import GateTrace

if TYPE_CHECKING:
    import pandas as pd


def sweep(
    spec: SweepSpec,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    checking: Progress | None = None,
) -> pd.DataFrame:
    """Simulate every point of a sweep and return one row per point and layer, or per point.

    All points of a trace simulate the same images. Its files, and those of the technologies, have
    to stay as they are while the sweep runs.

    Parameters
    ----------
    spec : SweepSpec
        What to sweep.
    jobs : int, optional
        Processes, by default one per core; with 1 all is done in this one. They know nothing of
        the program that calls this, which may be a script, a notebook or a process of another
        pool, and they end when it does.
    progress : callable, optional
        Called after each point with how many are done and how many there are.
    checking : callable, optional
        Called likewise before, while designs and traces are checked.

    Returns
    -------
    DataFrame
        The axes' columns come first (of WHAT_IFS, named as in ``trace.weight_bits``), then those
        of `simulate`, then the design's `area_mm2`. An axis that mixes words and numbers is text.
        With `rows: point` there is one row per point, of the network.

    Raises
    ------
    InputError
        With everything wrong at any point, before the first one runs; or with the point that
        failed, where a process could not start or was killed, or whose files were replaced.

    Examples
    --------
    >>> spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]})
    >>> table = sweep(spec, jobs=1)
    >>> table["array.rows"].unique().tolist(), len(table)  # six layers at two points
    ([8, 16], 12)
    """
    processes = processes_of(jobs)
    found: dict[int, bytes] = {}
    with ExitStack() as stack:
        seats = stack.enter_context(ready(spec, processes))
        points = sweep_points(spec, progress=checking)
        processes = min(processes, len(points))
        numbers = batches(points, points.is_kept, processes)
        every = records_of(points, numbers, processes, seats=seats)
        for done in stack.enter_context(closing(every)):
            for each in done.failures:
                raise each.error
            found.update(done.records)
            if progress is not None:
                for number in range(len(found) - len(done.records), len(found)):
                    progress(number + 1, len(points))
    return frame_of(found[number] for number in sorted(found))


def ready(spec: SweepSpec, jobs: int) -> AbstractContextManager[Sequence[Seat]]:
    """Give processes for a sweep, which begin while its designs are checked.

    Raises InputError where one cannot be started.
    """
    return started(min(jobs, spec.point_count), Simulation.__module__)


class Failure(NamedTuple):
    """A point that has no result, and the error that says why: an InputError names the point."""

    point: str
    error: Exception

    def __str__(self) -> str:
        if isinstance(self.error, InputError):
            return str(self.error)
        return f"{self.point}: {type(self.error).__name__}: {self.error}"


@dataclass(frozen=True)
class Some:
    """Some points that are done: the numbers and records of those that succeeded, and failures."""

    records: list[tuple[int, bytes]]
    failures: list[Failure]


def records_of(
    points: Points,
    numbers: Iterable[Sequence[int]],
    jobs: int,
    scheduler: str | None = None,
    seats: Sequence[Seat] = (),
) -> Generator[Some, None, None]:
    """Yield what came of points, some at a time; `numbers` has a list for each process's share.

    scheduler: of the Dask cluster that does it, instead of processes here. seats: of `ready`.
    Raises InputError where a process cannot start, no cluster answers, or a file was replaced.
    """
    if scheduler is None:
        every = run(Simulation(points), numbers, jobs, seats)
    else:
        every = run_on_cluster(Elsewhere(points, pgsim_digest()), numbers, scheduler)
    with closing(every) as outcomes:
        for some in outcomes:
            records, failures = [], []
            for number, outcome in some:
                if isinstance(outcome, Failed):
                    failures.append(_failure(points.point(number), outcome.error))
                else:
                    records.append((number, outcome.result))
            yield Some(records, failures)


def _failure(point: Point, error: Exception) -> Failure:
    """Return what is told of a point without a result; raises what ends the whole sweep."""
    if isinstance(error, FilesChanged):
        raise error
    if isinstance(error, MemoryError):
        error = InputError("memory ran out: try fewer jobs")
    told = str(point)
    if isinstance(error, InputError):
        error = InputError(f"{told}: {error}")
    return Failure(told, error)


def processes_of(jobs: int | None) -> int:
    """Return how many processes work; raises InputError for fewer than one."""
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: expected at least 1, not {jobs}")
    return jobs or usable_cores()


_OPEN_TRACES = 2


@dataclass(frozen=True)
class Simulation:
    """Simulates points of a sweep by their numbers, and returns their records.

    What points of one process share is in `store`. `traces`: the last few that were opened.
    """

    points: Points
    store: WorkStore = field(default_factory=WorkStore)
    traces: OrderedDict[tuple[object, ...], GateTrace] = field(default_factory=OrderedDict)

    def __call__(self, number: int) -> bytes:
        """Return the record of a point."""
        point = self.points.point(number)
        columns = self.points.spec.table_rows.columns(self.result(point))
        rows = len(columns["arch"])
        axes = {axis: [value] * rows for axis, value in point.axes.items()}
        return record(number, axes | columns)

    def result(self, point: Point) -> Result:
        """Simulate a point on its trace, whose files have to be the same as when it was opened."""
        try:
            trace = self.trace(point)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ClockWarning)  # given when designs were checked
                return simulate(
                    trace,
                    point.arch,
                    point.scheme,
                    calibration_images=point.calibration_images,
                    store=self.store,
                )
        finally:  # now, so that a file replaced at any time shows, and before what is odd in it
            _check_sources(point)

    def trace(self, point: Point) -> GateTrace:
        """Return the trace of a point, with its what-ifs."""
        key = (point.trace, *point.what_if.items())
        if key not in self.traces:
            self.traces[key] = what_if_trace(point.trace, point.what_if)
        self.traces.move_to_end(key)
        while len(self.traces) > _OPEN_TRACES:
            self.traces.popitem(last=False)
        return self.traces[key]


class Elsewhere:
    """Simulates points on another machine, where pgsim has to be the same."""

    def __init__(self, points: Points, digest: str) -> None:
        self._simulation = Simulation(points)
        self._digest = digest

    def __call__(self, number: int) -> bytes:
        """Return the record of a point; raises FilesChanged where pgsim is another one."""
        if pgsim_digest() != self._digest:
            raise FilesChanged("the workers of the cluster run another pgsim: install the same one")
        return self._simulation(number)


def _check_sources(point: Point) -> None:
    """Raise InputError where a file is not the one that was checked."""
    now = trace_sources(point.trace, with_margins=SHIFT in point.what_if)
    check_unchanged(point.sources, now + technology_sources(point.arch.technology))
