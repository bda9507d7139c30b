"""The points of a sweep: images and columns, and slips that show before the first one runs."""

from dataclasses import replace
from itertools import islice

import pytest
from designs import conv

from pgsim.errors import InputError
from pgsim.files import shipped
from pgsim.masks import synthetic_trace
from pgsim.study.sweeps import MOST_POINTS, SweepSpec, load_sweep, sweep, sweep_points
from pgsim.workload import save_trace


def test_all_points_of_a_trace_simulate_the_same_images(gated):
    spec = SweepSpec(
        traces=[gated], archs=["pg_ws"], axes={"lsb.lane_order": ("raster", "density")}
    )
    frame = sweep(spec, jobs=1)
    assert set(frame["images"]) == {18}  # 20, of which a tenth calibrates
    asked = sweep(spec.model_copy(update={"calibration_images": 5}), jobs=1)
    assert set(asked["images"]) == {15}
    plain = SweepSpec(traces=[gated], archs=["pg_ws"])
    assert set(sweep(plain, jobs=1)["images"]) == {20}


def test_an_axis_column_is_numbers_truths_or_words(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_ws"],
        axes={
            "lsb.window": ("auto", 64),
            "output_bits": (None, 8),
            "memory.double_buffered": (True, False),
            "weight_bits": (2, 4),
        },
    )
    frame = sweep(spec, jobs=1)
    assert set(frame["lsb.window"]) == {"auto", "64"}
    assert set(frame["output_bits"]) == {"null", "8"}
    assert set(frame["memory.double_buffered"]) == {True, False}
    # What-if widths are those of gated layers; the result's own column keeps each layer's.
    bits = frame.set_index("layer")[["trace.weight_bits", "weight_bits"]]
    assert set(bits.loc["output0"].itertuples(index=False, name=None)) == {(2, 2), (4, 4)}
    assert set(bits.loc["none1"].itertuples(index=False, name=None)) == {(2, 8), (4, 8)}


def test_all_that_is_wrong_at_any_point_is_said_at_once(gated, tmp_path):
    inputs = tmp_path / "inputs.safetensors"
    layer = conv(4, 8, 6, 3, padding=[1, 1], name="input0", gate="input")
    save_trace(synthetic_trace([layer], images=20, density=0.3), inputs)
    spec = SweepSpec(
        traces=[gated, "nowhere", str(inputs)],
        archs=["pg_os", "pg_oz"],
        schemes=["pg", "planes:9,1", "pgg"],
        axes={
            "array.rows": (8, 0),
            "array.pe.max_weight_bits": (8, 3),
            "memory.dram.kind": ("lpddr4", "core"),
            "msb_bits": (2, 4),
        },
    )
    with pytest.raises(InputError) as caught:
        sweep(spec)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(set(lines))
    for expected in (
        "nowhere: no such file",
        "pg_oz: no such file",
        "Did you mean 'pg_os'?",
        "array.rows: value 0: expected a whole number from 1 to 1024",
        "array.pe.max_weight_bits: value 3: expected a power of two",
        "memory.dram.kind: value 'core'",
        "gated[msb_bits=4]: layer 'output0'",
        "scheme 'pgg'",
        "trace inputs[msb_bits=2]: layer 'input0' has 4 activation",
    ):
        assert any(expected in line for line in lines), expected


def test_too_many_calibration_images_show_before_the_first_point(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], calibration_images=20)
    with pytest.raises(InputError, match="20 calibration images: expected 0 to 19"):
        sweep_points(spec)


def test_designs_of_one_name_are_refused(tmp_path, gated):
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(shipped("arch_configs", "pg_ws", ".yaml").read_bytes())
    with pytest.raises(InputError, match="both named 'pg-ws-16x16'"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws", str(copy)]))


def test_the_shipped_sweeps_are_sound():
    points = sweep_points(load_sweep("rows"))
    assert len(points) == 2 * 2 * 3 * 3  # designs, schemes, rows, columns
    assert len(sweep_points(load_sweep("thresholds"))) == 5 * 5  # shifts, schedulers
    assert len(sweep_points(load_sweep("schedulers"))) == 2 * 2 * 5 * 2  # designs, ..., lane orders
    assert len(sweep_points(load_sweep("lanes"))) == 2 * 5 * 2  # schemes, schedulers, lanes
    assert len(sweep_points(load_sweep("serial"))) == 3 * 5 * 2


AXES = {
    "array.rows": tuple(range(1, 401)),
    "array.columns": tuple(range(1, 251)),
    "batch": tuple(range(1, 101)),
}


def test_more_points_than_can_be_run_are_counted_and_refused(tmp_path):
    most = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_os"], axes=AXES)
    assert most.point_count == 400 * 250 * 100 == MOST_POINTS
    path = tmp_path / "sweep.yaml"
    axes = "".join(f"  {key}: {list(values)}\n" for key, values in AXES.items())
    path.write_text(f"traces: [a, b]\narchs: [c, d, e]\naxes:\n{axes}")
    product = "2 traces x 3 archs x 1 schemes x 400 array.rows x 250 array.columns x 100 batch"
    with pytest.raises(InputError, match=rf"60,000,000 points \({product}\): expected at most 10,"):
        load_sweep(path)


def test_points_are_not_held(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_os"], axes=AXES)
    few = sweep_points(spec.model_copy(update={"axes": {key: (1,) for key in AXES}}))
    points = replace(few, spec=spec)
    assert len(points) == MOST_POINTS
    first = islice(points, 99, 102)
    assert [tuple(point.axes.values()) for point in first] == [(1, 1, 100), (1, 2, 1), (1, 2, 2)]


def test_problems_end_the_check_when_there_are_fifty(gated):
    rows = tuple(range(10_001, 20_001))
    told = []
    with pytest.raises(InputError) as caught:
        sweep_points(
            SweepSpec(traces=[gated], archs=["pg_os"], axes={"array.rows": rows}),
            progress=lambda done, total: told.append((done, total)),
        )
    *problems, last = str(caught.value).splitlines()
    assert len(problems) == 50 and "array.rows: value 10050: expected" in problems[-1]
    assert last == "and there may be more: nothing further was checked"
    assert told == [(done, 10_001) for done in range(1, 52)]  # 10,000 designs and one trace


@pytest.mark.parametrize("trace", ["/", ".", "..", "//"])
def test_a_folder_is_no_trace_whose_thresholds_could_move(trace):
    with pytest.raises(InputError, match="folder"):
        sweep_points(SweepSpec(traces=[trace], archs=["pg_ws"], axes={"threshold_shift": (0,)}))
