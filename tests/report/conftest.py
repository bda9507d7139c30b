"""A simulation, a comparison and a sweep's table, each with its report."""

from __future__ import annotations

import pandas as pd
import pytest
from html_reader import read_page
from shipped import FIXED_ORDER, in_fixed_order

from pgsim import SweepSpec, compare, simulate, sweep, write_report

TRACE = "digits_pg_4_2"


@pytest.fixture(scope="session")
def result():
    """A simulation of the digits."""
    return simulate(TRACE, in_fixed_order("pg_os"))


@pytest.fixture(scope="session")
def comparison():
    """The same design beside its alternatives."""
    return compare(TRACE, in_fixed_order("pg_os"))


@pytest.fixture(scope="session")
def table():
    """What a sweep of rows writes: a row for each point and layer."""
    points = (
        simulate(TRACE, in_fixed_order("pg_os"), scheme).layers.assign(**{"lsb.ways": 4})
        for scheme in ("pg", "full")
    )
    return pd.concat(points, ignore_index=True)


@pytest.fixture(scope="session")
def spec():
    """A sweep of rows of the array."""
    return SweepSpec(
        traces=[TRACE],
        archs=["pg_os"],
        schemes=["pg", "full"],
        axes={"array.rows": [8, 16]},
        points=[FIXED_ORDER],
    )


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Return a function that gives the text of a report."""

    def written(of, **options):
        path = tmp_path_factory.mktemp("report") / "report.html"
        write_report(of, path, **options)
        return path.read_bytes().decode("utf-8")

    return written


@pytest.fixture(scope="session")
def page_of(report):
    """Return a function that gives the tree of a report."""
    return lambda of, **options: read_page(report(of, **options))


@pytest.fixture(scope="session")
def pages(page_of, result, comparison, table, spec):
    """The report of each kind."""
    kinds = {"simulation": result, "comparison": comparison, "table": table}
    found = {kind: page_of(of) for kind, of in kinds.items()}
    return found | {"sweep": page_of(sweep(spec, jobs=1), spec=spec)}
