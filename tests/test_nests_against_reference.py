"""pgsim equals the stepped reference on layers that are mapped by a loop nest (MODEL.md M40).

The reference walks every nest element by element. Long runs ask for more cases:

    PGSIM_REFERENCE_NESTS_SEEDS=20000 python -m pytest tests/test_nests_against_reference.py
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from listed_passes import scheme_of
from nest_cases import NestCase, drawn_nest_case, random_nest_case
from reference import NEST_COUNTS, simulate_nest
from reference.nests import LOOPS

from pgsim import ArchConfig, GateTrace
from pgsim.cost import costs_of, energies, energy_prices
from pgsim.mapping import loop_sizes, nest
from pgsim.model.layer import simulate_layer
from pgsim.model.mask_work import WorkStore
from pgsim.results import LayerResult, Result
from pgsim.schemes import scheme_named
from pgsim.study.simulation import jobs_of
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_REFERENCE_NESTS_SEEDS", "200"))
CHUNK = 100


def expected(drawn: NestCase) -> dict[str, int]:
    case = drawn.case
    return simulate_nest(
        case.layer,
        case.arch,
        case.scheme,
        drawn.nest,
        images=case.images,
        output_bits=case.output_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
    )


def found(drawn: NestCase) -> dict[str, int]:
    """The case as a trace of one layer, the calibration images first, through `simulate`."""
    case = drawn.case
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        planes = (*(case.calibration_mask or ()), *case.mask)
        masks[layer.name] = np.array(planes, bool)
    images = case.images + case.calibration_images
    trace = GateTrace.from_masks(masks, [layer], images=images)
    arch = ArchConfig.model_validate(case.arch)
    scheme = scheme_named(scheme_of(case.scheme))
    (job,) = jobs_of(trace, arch, scheme)
    blocks = tuple(drawn.nest.blocks[loop] for loop in LOOPS)
    own = nest(drawn.nest.order, loop_sizes(layer, arch.batch), blocks)
    job = replace(job, nest=own)
    ledger = simulate_layer(job, case.calibration_images, images, WorkStore(0))
    costs = costs_of(arch)
    priced = energies(energy_prices(costs, job.gated), ledger)
    layers = (LayerResult(job, ledger, priced),)
    result = Result(trace, costs, scheme.name, case.calibration_images, False, layers)
    row = result.layers.iloc[0]
    return {name: int(row[name]) for name in NEST_COUNTS}


def difference(drawn: NestCase) -> dict[str, tuple[int, int]]:
    reference, fast = expected(drawn), found(drawn)
    return {
        name: (reference[name], fast[name]) for name in NEST_COUNTS if reference[name] != fast[name]
    }


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    cases = {seed: random_nest_case(seed) for seed in range(first, min(first + CHUNK, SEEDS))}
    differing = {seed: difference(case) for seed, case in cases.items()}
    assert not {seed: each for seed, each in differing.items() if each}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_hypothesis_finds_no_other_case(rng: Random) -> None:
    assert not difference(drawn_nest_case(rng, seed=-1))
