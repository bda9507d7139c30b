"""A point of a sweep simulated once more, for what a row of its table does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose

from pgsim.errors import InputError
from pgsim.results import Result
from pgsim.results.designs import name_without_what_ifs
from pgsim.study.sweeps.checks import unchecked_points
from pgsim.study.sweeps.run import Simulation
from pgsim.study.sweeps.spec import SweepSpec


def simulated_again(spec: SweepSpec, row: Mapping[str, object]) -> Result:
    """Return the result of the point of a sweep that a design of its table is.

    row: the columns that tell designs apart, and `time_us` of an image; its trace may be called as
    in the sweep's table, or without what-ifs. Raises InputError where no point of the sweep is that
    design, or none that takes as long.
    """
    points = unchecked_points(spec)
    simulation, told = Simulation(points), ""
    for point in map(points.point, points.numbers_of(row)):
        name = simulation.trace(point).name
        if row.get("trace", name) not in (name, name_without_what_ifs(name, point.axes)):
            continue
        result = simulation.result(point)
        time_us = float(result.summary["time_us"]) / result.images
        if isclose(time_us, float(str(row["time_us"])), rel_tol=1e-9):
            return result
        told = f" ({point}: {time_us:,.6g} us an image, and {row['time_us']:,.6g} in the table)"
    raise InputError(f"the table is not of this sweep: no point is its fastest design{told}")
