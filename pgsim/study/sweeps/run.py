"""Running a sweep on all cores, into one tidy table."""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from functools import partial

import pandas as pd

from pgsim.errors import ClockWarning, InputError
from pgsim.model.mask_work import WorkStore
from pgsim.results import Row
from pgsim.study.simulation import simulate
from pgsim.study.sweeps import pool
from pgsim.study.sweeps.checks import Progress, sweep_points
from pgsim.study.sweeps.points import Point
from pgsim.study.sweeps.sources import check_unchanged, technology_sources, trace_sources
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import SHIFT, what_if_trace


def sweep(
    spec: SweepSpec,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    checking: Progress | None = None,
) -> pd.DataFrame:
    """Simulate every point of a sweep and return one row per point and layer.

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

    Raises
    ------
    InputError
        With everything wrong at any point, before the first one runs; or with the point where a
        process could not start or was killed, or whose files were replaced.

    Examples
    --------
    >>> spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]})
    >>> table = sweep(spec, jobs=1)
    >>> table["array.rows"].unique().tolist(), len(table)  # six layers at two points
    ([8, 16], 12)
    """
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: expected at least 1, not {jobs}")
    points = sweep_points(spec, progress=checking)
    processes = min(jobs or _cores(), len(points))
    found: dict[int, list[Row]] = {}
    with closing(pool.run(partial(_rows, WorkStore()), points, processes)) as results:
        for number, rows in results:
            found[number] = rows
            if progress is not None:
                progress(len(found), len(points))
    return pd.DataFrame([row for number in range(len(points)) for row in found[number]])


def _cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _rows(store: WorkStore, point: Point) -> list[Row]:
    """Simulate one point; the trace is opened again, which maps the file into memory."""
    try:
        trace = what_if_trace(point.trace, point.what_if)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ClockWarning)  # given when designs were checked
            result = simulate(
                trace,
                point.arch,
                point.scheme,
                calibration_images=point.calibration_images,
                store=store,
            )
    finally:  # now, so that a file replaced at any time shows, and before what is odd in it
        _check_sources(point)
    area = {"area_mm2": result.summary["area_mm2"]}
    return [point.axes | row | area for row in result.rows]


def _check_sources(point: Point) -> None:
    """Raise InputError where a file is not the one that was checked."""
    now = trace_sources(point.trace, with_margins=SHIFT in point.what_if)
    check_unchanged(point.sources, now + technology_sources(point.arch.technology))
