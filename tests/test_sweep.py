"""Sweeps: every point is the simulation it names, and slips show before the first one runs."""

import os
from multiprocessing import active_children

import numpy as np
import pandas as pd
import pytest

from pgsim.arch import load_arch
from pgsim.errors import InputError
from pgsim.files import shipped
from pgsim.simulate import simulate
from pgsim.sweep import SweepSpec, load_sweep, sweep, sweep_points
from pgsim.sweep import run as sweep_run
from pgsim.workload import (
    GateTrace,
    LayerMargins,
    Margins,
    layer_shape,
    load_margins,
    load_trace,
    moved_thresholds,
    save_margins,
    save_trace,
    synthetic_trace,
)

CONV = {
    "op": "conv2d",
    "in_channels": 4,
    "out_channels": 8,
    "in_size": [6, 6],
    "kernel": [3, 3],
    "padding": [1, 1],
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
}
IMAGES = 20


def trace_of(gates, path):
    layers = [CONV | {"name": f"{gate}{index}", "gate": gate} for index, gate in enumerate(gates)]
    trace = synthetic_trace(layers, images=IMAGES, density=0.3, channel_spread=0.2)
    save_trace(trace, path)
    return str(path)


@pytest.fixture(scope="module")
def gated(tmp_path_factory):
    return trace_of(["output", "none"], tmp_path_factory.mktemp("traces") / "gated.safetensors")


@pytest.fixture
def spec_file(tmp_path):
    def write(text):
        path = tmp_path / "sweep.yaml"
        path.write_text(text)
        return path

    return write


def lines_of(problem, path):
    return str(problem.value).replace(str(path), "sweep.yaml").splitlines()


def test_every_point_is_what_simulate_gives(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_os", "pg_ws"],
        schemes=["pg", "uniform:8,8"],
        axes={"array.rows": (4, 8), "activation_bits": (4, 6), "lsb.scheduler": ("skip", "queue")},
    )
    frame = sweep(spec, jobs=1)
    identity = ["arch", "scheme", "array.rows", "trace.activation_bits", "lsb.scheduler"]
    assert not frame.duplicated([*identity, "layer"]).any()
    points = frame.groupby(identity)
    assert len(points) == 2 * 2 * 2 * 2 * 2
    assert list(frame.columns[:3]) == identity[2:]
    trace = load_trace(gated)
    for (_, scheme, rows, bits, scheduler), own in points:
        name = "pg_os" if own["arch"].iloc[0].startswith("pg-os") else "pg_ws"
        arch = load_arch(name).override({"array.rows": rows, "lsb.scheduler": scheduler})
        result = simulate(trace.with_bits(activation_bits=bits), arch, scheme)
        simulated = own.drop(columns=[*identity[2:], "area_mm2"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(simulated, result.layers)
        assert (own["area_mm2"] == result.summary["area_mm2"]).all()


def test_processes_give_the_same_table_in_the_same_order(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"array.rows": (2, 4, 8)})
    told = []
    frame = sweep(spec, jobs=2, progress=lambda done, total: told.append((done, total)))
    pd.testing.assert_frame_equal(frame, sweep(spec, jobs=1))
    assert told == [(1, 3), (2, 3), (3, 3)]


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


def test_a_what_if_names_itself(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"activation_bits": (8,)})
    assert spec.what_ifs == ("activation_bits",)
    assert set(sweep(spec, jobs=1)["trace"]) == {"gated[activation_bits=8]"}


def with_margins(path, *, images, name="gated0"):
    """A trace of one gated and one other layer, and margins of its last `images` images."""
    shape = layer_shape(CONV | {"name": name, "gate": "output"})
    numbers = np.random.default_rng(3).normal(-9, 30, (IMAGES, 8, 6, 6)).astype("int8")
    trace = GateTrace.from_masks(
        {name: numbers > 0},
        [shape, CONV | {"name": "none1", "gate": "none"}],
        mask_source="captured",
    )
    layers = (LayerMargins(shape, numbers[IMAGES - images :], 0.25),)
    save_trace(trace, path)
    save_margins(Margins(path.name, "0" * 64, IMAGES - images, layers), path)
    return str(path)


def test_moved_thresholds_are_what_simulate_gives_on_the_images_with_margins(tmp_path):
    name = with_margins(tmp_path / "moving", images=6)
    spec = SweepSpec(
        traces=[name],
        archs=["pg_ws"],
        axes={
            "threshold_shift": (-5, 0, 1.5),
            "lsb.scheduler": ("skip", "queue"),
            "weight_bits": (4, None),
        },
    )
    frame = sweep(spec, jobs=1)
    columns = ["trace.threshold_shift", "lsb.scheduler", "trace.weight_bits"]
    assert list(frame.columns[:3]) == columns
    trace, margins = load_trace(name), load_margins(f"{name}.margins.safetensors")
    densities = {}
    points = frame.groupby(columns)
    assert len(points) == 3 * 2 * 2
    for (shift, scheduler, bits), own in points:
        moved = moved_thresholds(trace, margins, shift)
        moved = moved.with_bits(weight_bits=4) if bits == "4" else moved
        arch = load_arch("pg_ws").override({"lsb.scheduler": scheduler})
        simulated = own.drop(columns=[*columns, "area_mm2"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(simulated, simulate(moved, arch).layers)
        assert set(own["images"]) == {6}
        densities[shift] = own["mask_density"].iloc[0]
    numbers = margins.layers[0].margins  # in steps worth 0.25
    steps = {-5: -20, 0: 0, 1.5: 6}
    assert densities == {shift: (numbers > step).mean() for shift, step in steps.items()}


def test_calibration_images_are_the_first_of_those_with_margins(tmp_path):
    name = with_margins(tmp_path / "moving", images=6)
    axes = {"threshold_shift": (0, 1), "lsb.lane_order": ("raster", "density")}
    frame = sweep(SweepSpec(traces=[name], archs=["pg_ws"], axes=axes), jobs=1)
    assert set(frame["images"]) == {5}
    few = SweepSpec(traces=[name], archs=["pg_ws"], axes=axes, calibration_images=6)
    with pytest.raises(InputError, match="6 calibration images: expected 0 to 5"):
        sweep_points(few)


def test_what_cannot_be_moved_is_said_at_once(gated, tmp_path):
    name = with_margins(tmp_path / "moving", images=6)
    spec = SweepSpec(
        traces=[gated, name], archs=["pg_ws"], axes={"threshold_shift": (0, 1, None, "high")}
    )
    with pytest.raises(InputError) as caught:
        sweep(spec)
    no_file, *wrong = str(caught.value).splitlines()
    assert "gated.margins.safetensors: no such file, so thresholds of trace" in no_file
    assert [line.partition(", in")[0] for line in wrong] == [
        "threshold_shift: value None: expected a finite number",
        "threshold_shift: value 'high': expected a finite number",
    ]


def test_all_that_is_wrong_at_any_point_is_said_at_once(gated, tmp_path):
    inputs = trace_of(["input"], tmp_path / "inputs.safetensors")
    spec = SweepSpec(
        traces=[gated, "nowhere", inputs],
        archs=["pg_os", "pg_oz"],
        schemes=["pg", "pgg"],
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
        "trace inputs[msb_bits=2]: layer 'input0' gates its inputs",
    ):
        assert any(expected in line for line in lines), expected


def test_too_many_calibration_images_show_before_the_first_point(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], calibration_images=IMAGES)
    with pytest.raises(InputError, match="20 calibration images: expected 0 to 19"):
        sweep_points(spec)


def test_designs_of_one_name_are_refused(tmp_path, gated):
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(shipped("arch_configs", "pg_ws", ".yaml").read_bytes())
    with pytest.raises(InputError, match="both named 'pg-ws-16x16'"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws", str(copy)]))


def test_no_jobs_are_too_few(gated):
    with pytest.raises(InputError, match="jobs: expected at least 1, not 0"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws"]), jobs=0)


def test_a_file_says_what_is_wrong_with_it_by_line(spec_file):
    path = spec_file(
        "traces: [a, a]\n"
        "archs: pg_os\n"
        "scheme: [pg]\n"
        "axes:\n"
        "  array.rowz: [8, 16]\n"
        "  array.columns: [8, 8.0]\n"
        "  lsb.ways: 4\n"
        "  clock_mhz: []\n"
        "  columns: [4]\n"
        "  lsb.open: [[1]]\n"
    )
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    lines = lines_of(caught, path)
    expected = [
        ("sweep.yaml:1: traces: value 'a' stands here twice", ""),
        ("sweep.yaml:2: archs: value 'pg_os': expected a list", ""),
        ("sweep.yaml:3: scheme: unknown key", "Did you mean 'schemes'?"),
        ("sweep.yaml:5: axes.array.rowz: unknown axis", "Did you mean 'array.rows'?"),
        ("sweep.yaml:6: axes.array.columns: value 8 stands here twice", ""),
        ("sweep.yaml:7: axes.lsb.ways: value 4: expected a list", ""),
        ("sweep.yaml:8: axes.clock_mhz: an empty list", ""),
        ("sweep.yaml:9: axes.columns: unknown axis", "Did you mean 'array.columns'?"),
        ("sweep.yaml:10: axes.lsb.open[0]: value (a list)", ""),
    ]
    for line, (start, end) in zip(lines, expected, strict=True):
        assert line.startswith(start) and line.endswith(end)


def test_axes_are_a_section(spec_file):
    path = spec_file("traces: [a]\narchs: [b]\naxes: [1]\n")
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    assert lines_of(caught, path) == [
        "sweep.yaml:3: axes: value (a list): expected a section with keys of your choice."
    ]


def test_the_shipped_sweeps_are_sound():
    points = sweep_points(load_sweep("rows"))
    assert len(points) == 2 * 2 * 3 * 3  # designs, schemes, rows, columns
    assert len(sweep_points(load_sweep("thresholds"))) == 5 * 5  # shifts, schedulers
    assert len(sweep_points(load_sweep("schedulers"))) == 2 * 2 * 5 * 2  # designs, ..., lane orders
    assert len(sweep_points(load_sweep("lanes"))) == 2 * 5 * 2  # schemes, schedulers, lanes
    assert len(sweep_points(load_sweep("serial"))) == 3 * 5 * 2


def test_an_interrupt_leaves_no_process_behind(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"array.rows": tuple(range(1, 30))})
    before = set(active_children())

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(spec, jobs=2, progress=interrupt)
    assert set(active_children()) <= before


class Dies:
    """Ends the process that unpickles it, as the kernel does when memory runs out."""

    def __reduce__(self):
        return os._exit, (1,)


def test_a_process_that_dies_is_reported(gated, monkeypatch):
    monkeypatch.setattr(sweep_run, "sweep_points", lambda spec: [Dies(), Dies()])
    with pytest.raises(InputError, match="try fewer jobs"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws"]), jobs=2)
