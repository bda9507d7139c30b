"""What a sweep chooses from: lists that advance together, and a table of points."""

import pytest

from pgsim.errors import InputError
from pgsim.study.sweeps import SweepSpec, load_sweep, sweep, sweep_points


def axes_of(spec):
    """The axes' values of every point, in order."""
    return [tuple(point.axes.values()) for point in sweep_points(spec)]


def test_lists_of_a_zip_advance_together(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_ws"],
        axes={"batch": (1, 2)},
        zip={"array.rows": (4, 8, 4), "array.columns": (16, 8, 8)},
    )
    assert spec.point_count == 2 * 3
    assert spec.product == "1 traces x 1 archs x 1 schemes x 2 batch x 3 zip"
    shapes = [(4, 16), (8, 8), (4, 8)]
    assert axes_of(spec) == [(batch, *shape) for batch in (1, 2) for shape in shapes]


def test_points_are_a_table(gated):
    table = ({"array.rows": 4, "lsb.window": 64}, {"lsb.window": "auto", "array.rows": 8})
    spec = SweepSpec(traces=[gated], archs=["pg_ws", "pg_os"], points=table)
    assert spec.point_count == 2 * 2
    assert axes_of(spec) == [(4, "64"), (8, "auto")] * 2


def test_a_zip_may_change_trace_and_design_together(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_ws"],
        schemes=["pg", "full"],
        axes={"array.rows": (4, 8)},
        zip={"weight_bits": (4, 8), "array.pe.max_weight_bits": (4, 8)},
    )
    points = list(sweep_points(spec))
    assert [point.number for point in points] == list(range(8))
    # The trace's part changes last, then the scheme, then the design's own axes.
    assert [
        (point.what_if["weight_bits"], point.scheme, point.arch.array.rows) for point in points
    ] == [(bits, scheme, rows) for bits in (4, 8) for scheme in ("pg", "full") for rows in (4, 8)]
    assert all(point.arch.pe.max_weight_bits == point.what_if["weight_bits"] for point in points)
    assert list(points[0].axes) == [
        "array.rows",
        "trace.weight_bits",
        "array.pe.max_weight_bits",
    ]
    with pytest.raises(InputError, match=r"array\.pe\.max_weight_bits: value 3"):
        sweep_points(spec.model_copy(update={"zip": {"array.pe.max_weight_bits": (3,)}}))


def test_rows_follow_the_points(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_ws"],
        points=({"array.rows": 4, "array.columns": 8}, {"array.rows": 8, "array.columns": 4}),
    )
    frame = sweep(spec, jobs=1)
    assert frame[["array.rows", "array.columns"]].drop_duplicates().to_numpy().tolist() == [
        [4, 8],
        [8, 4],
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zip: {batch: [1, 2], array.rows: [4]}", "zip: lists of batch 2, array.rows 1 values"),
        (
            "zip: {batch: [1, 1], array.rows: [4, 4]}",
            "zip: batch 1, array.rows 4 stands here twice",
        ),
        ("zip: {batch: []}", "zip.batch: an empty list"),
        ("zip: {batsh: [1]}", "zip.batsh: unknown axis"),
        ("points: [{batch: 1}, {array.rows: 4}]", "points: number 2: keys array.rows: expected b"),
        ("points: [{batch: 1}, {batch: 1.0}]", "points: batch 1 stands here twice"),
        ("points: [{}]", "points: number 1: keys (none): expected at least one key"),
        ("points: [{batsh: 1}]", "points[0].batsh: unknown axis"),
        ("axes: {batch: [1]}\nzip: {batch: [2]}", "axes: batch is changed in more than one of"),
        ("rows: points", "rows: value 'points': expected one of layer, point"),
        ("constraints: {pe: {max: 4}}", "constraints.pe: unknown budget: expected one of pes, "),
        ("constraints: {pes: {}}", "constraints.pes: expected min, max or both"),
        ("constraints: {pes: {min: 4, max: 2}}", "constraints.pes: min 4 is above max 2"),
        ("constraints: {pes: {max: 2*3}}", "constraints.pes.max: value '2*3': expected a number"),
        ("scale: {to: area}", "scale.to: value 'area': expected"),
        ("scale: {to: pes}\naxes: {array.rows: [1], array.columns: [1]}", "scale: nothing can fol"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text, told, tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text(f"traces: [a]\narchs: [b]\n{text}\n")
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    assert any(told in line for line in str(caught.value).splitlines()), str(caught.value)
