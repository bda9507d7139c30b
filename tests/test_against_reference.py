"""pgsim equals the stepped reference model on every integer column, case by seeded case."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from cases import Case, drawn_case, random_case
from hypothesis import HealthCheck, given, settings
from reference import COUNTS, simulate_layer

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_REFERENCE_SEEDS", "3000"))
CHUNK = 100


def expected(case: Case) -> dict[str, int]:
    return simulate_layer(
        case.layer,
        case.arch,
        case.scheme,
        images=case.images,
        output_bits=case.output_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
    )


def found(case: Case) -> dict[str, int]:
    """The case as a trace of one layer, the calibration images first, through `simulate`."""
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        planes = (*(case.calibration_mask or ()), *case.mask)
        masks[layer.name] = np.array(planes, bool)
    images = case.images + case.calibration_images
    trace = GateTrace.from_masks(masks, [layer], images=images)
    arch = ArchConfig.model_validate(case.arch)
    result = simulate(trace, arch, case.scheme, calibration_images=case.calibration_images)
    row = result.layers.iloc[0]
    return {name: int(row[name]) for name in COUNTS}


def difference(case: Case) -> dict[str, tuple[int, int]]:
    reference, fast = expected(case), found(case)
    return {name: (reference[name], fast[name]) for name in COUNTS if reference[name] != fast[name]}


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    seeds = range(first, min(first + CHUNK, SEEDS))
    found = {seed: difference(random_case(seed)) for seed in seeds}
    assert not {seed: differing for seed, differing in found.items() if differing}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_hypothesis_finds_no_other_case(rng: Random) -> None:
    assert not difference(drawn_case(rng, seed=-1))
