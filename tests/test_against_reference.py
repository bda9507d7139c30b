"""pgsim equals the stepped reference model on every integer column, case by seeded case.

The ordinary run takes some thousand cases. Long runs ask for more, of the named schemes or of
passes of any number, of exactly four passes, of products of two activations, of gated input
pixels, or of row stationary:

    PGSIM_REFERENCE_SEEDS=40000 python -m pytest tests/test_against_reference.py -k integer
    PGSIM_REFERENCE_PASSES_SEEDS=2000 python -m pytest tests/test_against_reference.py -k four
    PGSIM_REFERENCE_PASSES_SEEDS=2000 python -m pytest tests/test_against_reference.py -k products
    PGSIM_REFERENCE_PIXELS_SEEDS=4000 python -m pytest tests/test_against_reference.py -k pixels
    PGSIM_REFERENCE_ROWS_SEEDS=4000 python -m pytest tests/test_against_reference.py -k rows
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from cases import (
    Case,
    drawn_case,
    drawn_passes_case,
    pixels_case,
    random_case,
    random_passes_case,
)
from hypothesis import HealthCheck, given, settings
from listed_passes import scheme_of
from reference import COUNTS, simulate_layer
from row_cases import row_case

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.results import Result
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_REFERENCE_SEEDS", "200"))
PASSES_SEEDS = int(os.environ.get("PGSIM_REFERENCE_PASSES_SEEDS", "50"))
PIXELS_SEEDS = int(os.environ.get("PGSIM_REFERENCE_PIXELS_SEEDS", "50"))
ROWS_SEEDS = int(os.environ.get("PGSIM_REFERENCE_ROWS_SEEDS", "50"))
CHUNK = 100


def four_passes_case(seed: int) -> Case:
    """The first case of exactly four passes that a seed's random numbers give."""
    rng = Random(seed)
    while len((case := drawn_passes_case(rng, seed)).scheme) != 4:
        pass
    return case


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


def simulated(case: Case) -> Result:
    """The case as a trace of one layer, the calibration images first, through `simulate`."""
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        planes = (*(case.calibration_mask or ()), *case.mask)
        masks[layer.name] = np.array(planes, bool)
    images = case.images + case.calibration_images
    trace = GateTrace.from_masks(masks, [layer], images=images)
    arch = ArchConfig.model_validate(case.arch)
    scheme = scheme_of(case.scheme)
    return simulate(trace, arch, scheme, calibration_images=case.calibration_images)


def found(case: Case) -> dict[str, int]:
    (row,) = simulated(case).rows
    return {name: row[name] for name in COUNTS}


def difference(case: Case) -> dict[str, tuple[int, int]]:
    reference, fast = expected(case), found(case)
    return {name: (reference[name], fast[name]) for name in COUNTS if reference[name] != fast[name]}


def differences(
    case_of: Callable[[int], Case], first: int, seeds: int
) -> dict[int, dict[str, tuple[int, int]]]:
    """What differs, by seed, in a chunk of cases."""
    found = {seed: difference(case_of(seed)) for seed in range(first, min(first + CHUNK, seeds))}
    return {seed: differing for seed, differing in found.items() if differing}


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    assert not differences(random_case, first, SEEDS)


def product_case(seed: int) -> Case:
    """The first product of two activations that a seed's random numbers give, of several images."""
    rng = Random(seed)
    while (case := drawn_case(rng, seed)).layer["op"] != "linear" or case.images == 1:
        pass
    arch = {**case.arch, "batch": rng.randint(2, case.images)}
    return replace(case, layer={**case.layer, "op": "matmul"}, arch=arch)


@pytest.mark.parametrize("first", range(0, PASSES_SEEDS, CHUNK))
def test_products_of_two_activations_equal_the_reference(first: int) -> None:
    assert not differences(product_case, first, PASSES_SEEDS)


@pytest.mark.parametrize("first", range(0, PASSES_SEEDS, CHUNK))
def test_passes_of_any_number_equal_the_reference(first: int) -> None:
    assert not differences(random_passes_case, first, PASSES_SEEDS)


@pytest.mark.parametrize("first", range(0, PASSES_SEEDS, CHUNK))
def test_four_passes_equal_the_reference(first: int) -> None:
    assert not differences(four_passes_case, first, PASSES_SEEDS)


@pytest.mark.parametrize("first", range(0, PIXELS_SEEDS, CHUNK))
def test_pixels_that_gate_equal_the_reference(first: int) -> None:
    assert not differences(pixels_case, first, PIXELS_SEEDS)


@pytest.mark.parametrize("first", range(0, ROWS_SEEDS, CHUNK))
def test_rows_that_stay_equal_the_reference(first: int) -> None:
    assert not differences(row_case, first, ROWS_SEEDS)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_hypothesis_finds_no_other_case(rng: Random) -> None:
    assert not difference(drawn_case(rng, seed=-1))
