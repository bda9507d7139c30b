"""What-ifs of a sweep: other widths and moved thresholds, on the images that have margins."""

import numpy as np
import pandas as pd
import pytest
from designs import conv
from shipped import fixed_order_file, in_fixed_order

from pgsim.errors import InputError
from pgsim.masks import (
    LayerMargins,
    Margins,
    load_margins,
    moved_thresholds,
    save_margins,
)
from pgsim.study.simulation import simulate
from pgsim.study.sweeps import SweepSpec, sweep, sweep_points
from pgsim.workload import GateTrace, load_trace, save_trace

IMAGES = 20  # of the trace


def test_a_what_if_names_itself(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"activation_bits": (8,)})
    assert spec.what_ifs == ("activation_bits",)
    assert set(sweep(spec, jobs=1)["trace"]) == {"gated[activation_bits=8]"}


def with_margins(path, *, images):
    """A trace of one gated and one other layer, and margins of its last `images` images."""
    shape = conv(4, 8, 6, 3, padding=[1, 1])
    numbers = np.random.default_rng(3).normal(-9, 30, (IMAGES, 8, 6, 6)).astype("int8")
    trace = GateTrace.from_masks(
        {shape.name: numbers > 0},
        [shape, shape.replace(name="none1", gate="none")],
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
        archs=[str(fixed_order_file("pg_ws", tmp_path))],
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
        arch = in_fixed_order("pg_ws", {"lsb.scheduler": scheduler})
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
