"""The RTL against whole-number arithmetic and against pgsim: outputs, masks, cycles, stalls, slots.

PGSIM_RTL_BUILD_SET=all takes every design instead of a few, PGSIM_RTL_CASES is the number of cases
for each design, and PGSIM_RTL_BUILDS a folder that keeps built designs from one run of the tests to
the next. Some 10,000 cases on all designs:

    PGSIM_RTL_BUILD_SET=all PGSIM_RTL_CASES=340 python -m pytest tests/rtl/test_rtl.py
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgsim import load_trace
from pgsim.workload import load_operands
from rtl.building import Programs
from rtl.builds import BUILDS, TESTED, Build
from rtl.cases import Case, architecture, pixels_case, random_case, random_passes_case
from rtl.comparison import all_differences, missed, simulated
from rtl.features import features, pass_features, pixel_features
from rtl.harness import Observed, differences, expected_outputs, run
from rtl.verilator import needs_verilator

pytestmark = pytest.mark.xdist_group("rtl")  # they share what takes long to make

DEFAULT_CASES = 60
CASES = int(os.environ.get("PGSIM_RTL_CASES", DEFAULT_CASES))
DIGITS = "digits_pg_4_2"
TRAINED_BUILDS = ("2x6,scheduler=combine,ways=3,open=4", "4x2,dataflow=ws")

# What the cases of a plain test run reach, and in how many of them, at least.
REACHED = {
    "conv2d": 300,
    "linear": 50,
    "recurrent": 50,
    "strided": 100,
    "padded": 100,
    "grouped": 100,
    "signed": 100,
    "several windows": 100,
    "operands stay over windows": 10,
    "some gated passes empty": 30,
    "port stalls": 100,
    "all ports are waited for": 150,
    "vectors of an issue slot share a bank": 30,
    "a row of lanes takes several cycles": 100,
    "outputs take longer than a pass": 50,
    "bursts come after the gate": 40,
    "density 0": 20,
    "density 1": 20,
    "sparse": 100,
    "dense": 100,
    "clustered": 30,
    "combine saves slots": 50,
    "ways matter": 5,
    "open_slots matter": 5,
    "queue saves slots": 30,
    "depth matters": 5,
    "scan matters": 5,
}
REACHED_BY_PASSES = {
    "1 pass": 10,
    "2 passes": 50,
    "3 passes": 50,
    "4 passes": 200,
    "a gate decides about several passes": 50,
    "several gated passes": 100,
    "dense after gated": 50,
    "dense, gated, dense, gated": 20,
    "planes of weights": 200,
    "planes that overlap": 100,
    "operands stay over passes": 10,
    "operands wider than a byte": 50,
}
REACHED_BY_PIXELS = {
    "folds of several taps": 40,
    "a fold does not happen": 15,
    "a pass does not happen": 15,
    "folds issue unlike slots": 12,
    "several gated passes": 20,
    "operands stay over passes": 5,
    "a narrow port": 12,
}


@cache
def simulated_cases(build: Build, count: int) -> list[tuple[Case, dict[str, Any]]]:
    """The first cases of a design, each with its integers; two tests share them."""
    return [(case, simulated(case)) for case in (random_case(build, seed) for seed in range(count))]


@needs_verilator
@pytest.mark.parametrize("build", TESTED, ids=lambda build: build.name)
def test_rtl_equals_arithmetic_and_pgsim(build: Build, programs: Programs, tmp_path: Path) -> None:
    cases = simulated_cases(build, CASES)
    assert not all_differences(cases, programs[build.name].result(), tmp_path)


@needs_verilator
@pytest.mark.parametrize("build", TESTED, ids=lambda build: build.name)
def test_passes_of_any_number(build: Build, programs: Programs, tmp_path: Path) -> None:
    cases = [random_passes_case(build, seed) for seed in range(CASES)]
    both = [(case, simulated(case)) for case in cases]
    assert not all_differences(both, programs[build.name].result(), tmp_path)


@needs_verilator
@pytest.mark.parametrize("build", TESTED, ids=lambda build: build.name)
def test_gated_inputs(build: Build, programs: Programs, tmp_path: Path) -> None:
    if not build.lanes_are_channels:
        pytest.skip("the RTL gates inputs where slots are positions")
    cases = [pixels_case(build, seed) for seed in range(CASES // 2)]
    both = [(case, simulated(case)) for case in cases]
    assert not all_differences(both, programs[build.name].result(), tmp_path)


@needs_verilator
@pytest.mark.parametrize("layer", ["conv2", "conv3", "conv4", "conv5"])
@pytest.mark.parametrize("name", TRAINED_BUILDS)
def test_a_trained_layer_gives_the_committed_masks(
    name: str, layer: str, programs: Programs, tmp_path: Path
) -> None:
    build = next(build for build in BUILDS if build.name == name)
    case = trained_case(build, layer)
    observed = run(programs[name].result(), [case], tmp_path)[0]
    assert not differences(case, observed, simulated(case))
    trace = load_trace(DIGITS)
    committed = next(each for each in trace.layers if each.shape.name == layer)
    assert np.array_equal(observed.mask, committed.unpack(0, 1))
    assert 0 < observed.mask.mean() < 1


def trained_case(build: Build, name: str) -> Case:
    """The first image of the digits network in one of its layers: its true integers."""
    operands = load_operands(DIGITS)
    assert operands.first_image == 0
    layer = next(each for each in operands.layers if each.shape.name == name)
    ample = {"kib": 64, "banks": 16, "port_bits": 64}
    memory = {
        "activation_sram": ample,
        "weight_sram": ample,
        "output_sram": ample | {"kib": build.output_sram_kib},
        "lsb_fetch": "with_msb",
        "dram": {"kind": "lpddr4", "bytes_per_cycle": 16, "burst_bytes": 64},
    }
    lsb_bits = layer.shape.activation_bits - layer.shape.msb_bits
    weights = layer.weights.astype(np.int64)  # (out, in, high, wide); here taps come first
    return Case(
        build=build,
        seed=0,
        layer=layer.shape.model_dump(mode="json", exclude_none=True),
        arch=architecture(build, memory, window="auto", batch=1),
        scheme="pg",
        activations=layer.activations[:1].astype(np.int64),
        weights=weights.transpose(0, 2, 3, 1).reshape(len(weights), -1),
        thresholds=layer.thresholds.astype(np.int64) << lsb_bits,
    )


def test_the_cases_reach_every_rule() -> None:
    """What is to be proved is exercised, and not only once, by the cases of a plain test run."""
    assert len(TESTED) * DEFAULT_CASES >= 500
    cases = (both for build in TESTED for both in simulated_cases(build, DEFAULT_CASES))
    assert not missed(REACHED, (features(*both) for both in cases))


def test_the_passes_reach_every_mixture() -> None:
    cases = [random_passes_case(build, seed) for build in TESTED for seed in range(DEFAULT_CASES)]
    assert not missed(REACHED_BY_PASSES, map(pass_features, cases))


def test_gated_inputs_reach_every_fold() -> None:
    """Folds that issue some slots, all and none, in one pass and in passes that do not happen."""
    builds = [build for build in TESTED if build.lanes_are_channels]
    cases = [pixels_case(build, seed) for build in builds for seed in range(DEFAULT_CASES // 2)]
    assert not missed(REACHED_BY_PIXELS, map(pixel_features, cases))


def test_a_difference_is_seen() -> None:
    """A cycle too many, or one wrong bit, is reported: the comparison can fail."""
    case = random_case(BUILDS[0], 0)
    right, counts = expected_outputs(case), simulated(case)
    equal = Observed(counts, right.outputs, right.mask)
    assert not differences(case, equal, counts)
    late = counts | {"bubble_cycles": counts["bubble_cycles"] + 1}
    assert list(differences(case, equal, late)) == ["bubble_cycles"]
    wrong = right.outputs.copy()
    wrong.flat[-1] += 1
    assert list(differences(case, Observed(counts, wrong, right.mask), counts)) == ["outputs"]
