"""Budgets that leave points out, and arrays that are scaled to be equal."""

import pytest

from pgsim.arch import load_arch
from pgsim.cost import costs_of, logic_area_mm2
from pgsim.errors import InputError
from pgsim.study.sweeps import SweepSpec, sweep, sweep_points


def spec_of(gated, **more):
    return SweepSpec(**{"traces": [gated], "archs": ["pg_ws"], **more})


def shapes_of(spec):
    return [(point.arch.array.rows, point.arch.array.columns) for point in sweep_points(spec)]


def test_points_outside_a_budget_are_left_out_and_counted(gated):
    axes = {"array.rows": (4, 8, 16), "array.columns": (4, 8, 16)}
    budget = {"pes": {"min": 64, "max": 128}}
    spec = spec_of(gated, schemes=["pg", "full"], axes=axes, constraints=budget)
    points = sweep_points(spec)
    kept = [(4, 16), (8, 8), (8, 16), (16, 4), (16, 8)]  # 64 or 128 PEs
    assert shapes_of(spec) == kept * 2
    assert len(points) == 2 * 5 and spec.point_count == 2 * 9
    # Each keeps its number among all: rows and columns are digits of base three.
    numbers = [2, 4, 5, 6, 7]
    assert list(points.numbers()) == numbers + [9 + number for number in numbers]
    assert [point.number for point in points] == list(points.numbers())


def test_a_budget_of_area_and_of_buffers(gated):
    arch = load_arch("pg_ws")
    base = logic_area_mm2(costs_of(arch))
    axes = {"array.rows": (8, 16, 32)}
    assert shapes_of(spec_of(gated, axes=axes, constraints={"logic_area_mm2": {"max": base}})) == [
        (8, 16),
        (16, 16),
    ]
    kib = sum(buffer.kib for buffer in arch.memory.buffers.values())
    own = arch.memory.weight_sram.kib
    axes = {"memory.weight_sram.kib": (own, 2 * own)}
    for most, left in ((kib, 1), (kib + own, 2)):
        spec = spec_of(gated, axes=axes, constraints={"sram_kib": {"max": most}})
        assert len(sweep_points(spec)) == left


def test_no_point_within_a_budget_is_said(gated):
    with pytest.raises(InputError, match="constraints: they leave out every point"):
        sweep_points(spec_of(gated, constraints={"area_mm2": {"max": 1e-9}}))


def test_what_a_constraint_leaves_out_is_checked_all_the_same(gated):
    axes = {"array.rows": (8, 0)}
    with pytest.raises(InputError, match=r"array\.rows: value 0"):
        sweep_points(spec_of(gated, axes=axes, constraints={"pes": {"max": 128}}))


@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        # 256 PEs: columns are what whole rows leave.
        ({"array.rows": (8, 10, 16)}, [(8, 32), (10, 25), (16, 16)]),
        ({"array.columns": (3, 256)}, [(85, 3), (1, 256)]),
        ({"array.pe.kind": ("fusion", "fixed")}, [(16, 16), (16, 16)]),
    ],
)
def test_arrays_of_equal_pes(axes, shapes, gated):
    assert shapes_of(spec_of(gated, axes=axes, scale={"to": "pes"})) == shapes


@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        # Under `os` the rows divide the window (M8): 256 PEs in 1, 2, 4, .. 64 rows, or any.
        ({"lsb.window": ("auto", 16, 64)}, [(16, 16)] * 3),
        ({"lsb.window": (64,), "array.columns": (3, 8, 16)}, [(64, 3), (32, 8), (16, 16)]),
        # Of 16 rows, or of 12 by a window of 48; as nearly square as 256 PEs can be.
        ({"lsb.window": (48,)}, [(16, 16)]),
        ({"lsb.window": (48,), "array.columns": (20,)}, [(12, 20)]),
    ],
)
def test_scaled_rows_divide_the_window(axes, shapes, gated):
    spec = spec_of(gated, archs=["pg_os"], axes=axes, scale={"to": "pes"})
    assert shapes_of(spec) == shapes


def test_arrays_of_equal_area_whose_rows_divide_the_window(gated):
    measured = {}
    for window in ("auto", 64):
        axes = {"lsb.window": (window,)}
        scale = {"to": "logic_area_mm2", "of": "fixed_8bit"}
        (point,) = sweep_points(spec_of(gated, archs=["pg_os"], axes=axes, scale=scale))
        measured[window] = point.arch.pes
        assert window == "auto" or 64 % point.arch.array.rows == 0
    assert 2 * measured[64] > measured["auto"]  # twice the rows would not fit, and half would


def test_arrays_of_another_designs_pes_keep_their_own_ratio(gated, tmp_path):
    text = load_arch("pg_ws").override({"array.rows": 10, "array.columns": 10, "name": "small"})
    small = tmp_path / "small.yaml"
    small.write_text(text.model_dump_json())
    spec = spec_of(gated, archs=["pg_ws"], scale={"to": "pes", "of": str(small)})
    assert shapes_of(spec) == [(10, 10)]
    wide = tmp_path / "wide.yaml"
    wide.write_text(
        text.override({"array.columns": 40, "name": "wide"}).model_dump_json()
    )  # 10 x 40: 100 PEs of that shape are 5 x 20
    spec = spec_of(gated, archs=[str(wide)], scale={"to": "pes", "of": str(small)})
    assert shapes_of(spec) == [(5, 20)]


def test_arrays_of_equal_logic_area_take_all_that_fits(gated):
    axes = {"array.pe.kind": ("fusion", "fixed"), "lsb.scheduler": ("dense", "combine")}
    spec = spec_of(gated, axes=axes, scale={"to": "logic_area_mm2"})
    base = logic_area_mm2(costs_of(load_arch("pg_ws")))
    points = list(sweep_points(spec))
    assert len(points) == 4
    for point in points:
        rows, columns = point.arch.array.rows, point.arch.array.columns
        one_more = point.arch.override({"array.rows": rows + 1})
        assert logic_area_mm2(costs_of(point.arch)) <= base < logic_area_mm2(costs_of(one_more))
        assert 0.8 < rows / columns < 1.25  # of a square design; a row more or less is 1/16
        assert (point.axes["array.rows"], point.axes["array.columns"]) == (rows, columns)


def test_the_sides_that_follow_are_columns_of_the_table(gated):
    spec = spec_of(gated, axes={"array.rows": (8, 4)}, scale={"to": "pes"})
    frame = sweep(spec, jobs=1)
    assert list(frame.columns[:2]) == ["array.rows", "array.columns"]
    assert frame.groupby("array.rows")["array.columns"].first().to_dict() == {4: 64, 8: 32}


def test_where_not_one_pe_fits_it_is_said(gated, tmp_path):
    tiny = tmp_path / "tiny.yaml"
    one = load_arch("pg_ws").override({"array.rows": 1, "array.columns": 1, "name": "tiny"})
    tiny.write_text(one.override({"array.pe.kind": "fixed", "name": "tiny"}).model_dump_json())
    spec = spec_of(gated, scale={"to": "logic_area_mm2", "of": str(tiny)})
    with pytest.raises(InputError, match="pg-ws-16x16: scale: logic_area_mm2: not one PE fits"):
        sweep_points(spec)
