"""Points of a sweep simulated once more from the rows of its table."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.study.sweeps import SweepSpec, sweep, sweep_points
from pgsim.study.sweeps.again import simulated_again

SCHEMES = ("pg", "uniform:8,8")
SPECS = {
    "axes": {"axes": {"array.rows": (8, 16), "memory.dram.bytes_per_cycle": (2, 2.5)}},
    "words": {"axes": {"lsb.window": ("auto", 16), "memory.double_buffered": (True, False)}},
    "zip": {"zip": {"array.rows": (8, 16), "lsb.scheduler": ("skip", "dense")}},
    "table": {"points": ({"batch": 1, "output_bits": None}, {"batch": 3, "output_bits": 8})},
    "what-ifs": {"axes": {"weight_bits": (None, 4)}},
}


def spec_of(name: str, trace: str) -> SweepSpec:
    return SweepSpec(
        traces=[trace], archs=["pg_os", "pg_ws"], schemes=SCHEMES, rows="point", **SPECS[name]
    )


def rows_of(table: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of a table with the time of an image, as a front has it."""
    time_us = table["time_us"] / table["images"]
    rows = table.assign(time_us=time_us).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


@pytest.mark.parametrize("name", SPECS)
def test_each_row_of_a_table_is_found_again(name: str, gated: str) -> None:
    spec = spec_of(name, gated)
    table = sweep(spec, jobs=1)
    read = pd.read_csv(io.StringIO(table.to_csv(index=False)), keep_default_na=False)
    assert len(table) == len(sweep_points(spec)) >= 8
    for row in (*rows_of(table), *rows_of(read)):
        found = simulate_again(spec, row)
        assert found["cycles"] == row["cycles"]
        assert found["energy_pj"] == pytest.approx(row["energy_pj"], rel=1e-12)


def simulate_again(spec: SweepSpec, row: dict[str, object]) -> dict[str, object]:
    """The summary of a row's point, whose design is the row's."""
    found = simulated_again(spec, row)
    assert (found.arch.name, found.scheme) == (row["arch"], row["scheme"])
    return dict(found.summary)


@pytest.mark.parametrize("name", SPECS)
def test_the_numbers_of_a_row_are_those_of_its_point(name: str, gated: str) -> None:
    points = sweep_points(spec_of(name, gated))
    for point in points:
        row = {"arch": point.arch.name, "scheme": point.scheme, **point.axes}
        assert list(points.numbers_of(row)) == [point.number]
        del row["scheme"]
        assert len(list(points.numbers_of(row))) == len(SCHEMES)


def test_a_trace_is_told_by_its_own_name(gated: str) -> None:
    spec = SweepSpec(traces=["digits_pg_4_2", gated], archs=["pg_ws"], rows="point")
    for row in rows_of(sweep(spec, jobs=1)):
        assert simulated_again(spec, row).trace.name == row["trace"]


def test_a_trace_may_be_called_without_its_what_ifs(gated: str) -> None:
    spec = spec_of("what-ifs", gated)
    for row in rows_of(sweep(spec, jobs=1)):
        name = str(row["trace"]).split("[")[0]
        assert simulate_again(spec, row | {"trace": name})["cycles"] == row["cycles"]
        with pytest.raises(InputError, match="not of this sweep"):
            simulated_again(spec, row | {"trace": f"{name}[batch=4]"})


def test_a_table_of_another_sweep_is_refused(gated: str) -> None:
    spec = spec_of("axes", gated)
    row = rows_of(sweep(spec, jobs=1))[0]
    with pytest.raises(InputError, match=r"not of this sweep: no point is its fastest design$"):
        simulated_again(spec, row | {"array.rows": 32})
    with pytest.raises(InputError, match=r"scheme pg, array\.rows 8.* us an image, and 1 in the"):
        simulated_again(spec, row | {"time_us": 1.0})
