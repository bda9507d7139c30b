"""Running a sweep on all cores, into one tidy table."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import active_children, get_context

import pandas as pd

from pgsim.errors import InputError
from pgsim.model.mask_work import WorkStore
from pgsim.results import Row
from pgsim.study.simulation import simulate
from pgsim.study.sweeps.points import Point, sweep_points
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import what_if_trace

Progress = Callable[[int, int], object]  # called with the points done and the points in all


def sweep(
    spec: SweepSpec, *, jobs: int | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """Simulate every point of a sweep and return one row per point and layer.

    All points of a trace simulate the same images.

    Parameters
    ----------
    spec : SweepSpec
        What to sweep.
    jobs : int, optional
        Processes, by default one per core. More than one start fresh interpreters, so a script
        calls this under ``if __name__ == "__main__":``.
    progress : callable, optional
        Called after each point with how many are done and how many there are.

    Returns
    -------
    DataFrame
        The axes' columns come first (of WHAT_IFS, named as in ``trace.weight_bits``), then those
        of `simulate`, then the design's `area_mm2`. An axis that mixes words and numbers is text.

    Raises
    ------
    InputError
        With everything wrong at any point, before the first one runs.

    Examples
    --------
    >>> spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]})
    >>> table = sweep(spec, jobs=1)
    >>> table["array.rows"].unique().tolist(), len(table)  # six layers at two points
    ([8, 16], 12)
    """
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: expected at least 1, not {jobs}")
    points = sweep_points(spec)
    jobs = min(jobs or _cores(), len(points))
    tell = progress or (lambda done, total: None)
    rows = _one_by_one(points, tell) if jobs == 1 else _side_by_side(points, tell, jobs)
    return pd.DataFrame(
        [point.axes | row for point, own in zip(points, rows, strict=True) for row in own]
    )


def _cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _rows(point: Point, store: WorkStore) -> list[Row]:
    """Simulate one point; the trace is opened again, which maps the file into memory."""
    trace = what_if_trace(point.trace, point.what_if)
    result = simulate(
        trace,
        point.arch,
        point.scheme,
        calibration_images=point.calibration_images,
        store=store,
    )
    area = {"area_mm2": result.summary["area_mm2"]}
    return [row | area for row in result.rows]


def _rows_in_worker(point: Point) -> list[Row]:
    """Simulate one point in a process that shares mask work from point to point."""
    return _rows(point, _store_of_process())


@cache
def _store_of_process() -> WorkStore:
    return WorkStore()


def _one_by_one(points: list[Point], progress: Progress) -> list[list[Row]]:
    found, store = [], WorkStore()
    for point in points:
        found.append(_rows(point, store))
        progress(len(found), len(points))
    return found


def _side_by_side(points: list[Point], progress: Progress, jobs: int) -> list[list[Row]]:
    """Run points in `jobs` processes.

    Fresh interpreters (spawn) cost a second, but unlike forks they cannot inherit a lock that
    another thread holds. They ignore Ctrl-C, which reaches the whole terminal: this process ends
    them.
    """
    others = set(active_children())
    ignore = (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), signal.signal, ignore)
    try:
        futures = [pool.submit(_rows_in_worker, point) for point in points]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            progress(done, len(points))
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise InputError(
            "a process of the sweep died, as they do when memory runs out; try fewer jobs"
        ) from None
    finally:
        for child in set(active_children()) - others:
            child.terminate()  # idle, or at work on what nobody waits for any more
        pool.shutdown(cancel_futures=True)
