"""Conventions beside folds that the reference lists, and charges one by one (M51).

A plain run takes some hundred random layers and designs of any passes; more are asked for by

    PGSIM_REFERENCE_CONVENTIONS_SEEDS=4000 python -m pytest tests/arch/conventions -k folds
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from cases import Case, random_case, random_passes_case
from listed_passes import scheme_of
from reference.conventions import array_cycles
from reference.layers import layer_of, passes_of
from reference.mapping import Job, runs_of, tiles_of
from reference.plans import plan_tile

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_REFERENCE_CONVENTIONS_SEEDS", "80"))
CHUNK = 80


def case_of(seed: int) -> Case:
    """A random case, of a named scheme or of any passes, under a convention that knows it."""
    case = (random_passes_case if seed % 2 else random_case)(seed)
    array = dict(case.arch["array"])
    rng = Random(f"convention {seed}")
    if array["dataflow"] == "bitfusion":
        array["dataflow"] = rng.choice(("ws", "is"))
    conventions = ("scalesim", "stonne") if array["dataflow"] == "os" else ("scalesim",)
    array["convention"] = rng.choice(conventions)
    lsb, memory = dict(case.arch["lsb"]), dict(case.arch["memory"]) | {"ports": "slots"}
    if array["dataflow"] == "is":
        lsb["lane_order"] = "raster"
    return replace(case, arch=case.arch | {"array": array, "lsb": lsb, "memory": memory})


def expected(case: Case) -> int:
    layer = layer_of(case.layer)
    job = Job(layer, passes_of(layer, case.scheme), case.arch, True)
    return sum(
        array_cycles(
            job,
            [plan_tile(job, tile, case.mask) for tile in tiles_of(job, run, case.calibration_mask)],
        )
        for run in runs_of(job, case.images)
    )


def row(case: Case) -> dict[str, Any]:
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        masks[layer.name] = np.array((*(case.calibration_mask or ()), *case.mask), bool)
    trace = GateTrace.from_masks(masks, [layer], images=case.images + case.calibration_images)
    arch = ArchConfig.model_validate(case.arch)
    scheme = scheme_of(case.scheme)
    (found,) = simulate(trace, arch, scheme, calibration_images=case.calibration_images).rows
    return found


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_cycles_are_those_of_all_folds(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        case = case_of(seed)
        found = row(case)
        array = found["msb_cycles"] + found["lsb_cycles"] + found["bubble_cycles"]
        assert array == expected(case), seed
        assert array == found["cycles"] - found["stall_cycles"]


def test_both_conventions_and_all_their_dataflows_are_drawn() -> None:
    arrays = [case_of(seed).arch["array"] for seed in range(40)]
    drawn = {(each["convention"], each["dataflow"]) for each in arrays}
    assert drawn == {*(("scalesim", each) for each in ("os", "ws", "is")), ("stonne", "os")}
