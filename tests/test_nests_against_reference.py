"""pgsim equals the stepped reference on layers that are mapped by a loop nest (MODEL.md M40).

The reference walks every nest element by element; pgsim does it twice, block by block and with one
block for all that are alike. Long runs ask for more cases:

    PGSIM_REFERENCE_NESTS_SEEDS=20000 python -m pytest tests/test_nests_against_reference.py
"""

from __future__ import annotations

import os
from random import Random
from unittest.mock import patch

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from listed_passes import scheme_of
from nest_cases import NestCase, drawn_nest_case, pixels_nest_case, random_nest_case
from nest_jobs import trace_of_case
from reference import NEST_COUNTS, simulate_nest
from reference.nests import LOOPS

from pgsim import ArchConfig, simulate
from pgsim.mapping import kinds
from pgsim.mapping.nest import BLOCK_COLUMNS

SEEDS = int(os.environ.get("PGSIM_REFERENCE_NESTS_SEEDS", "100"))
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
    """The row of the case's layer, whose nest the design gives."""
    case = drawn.case
    nest = {key: drawn.nest.blocks[loop] for loop, key in zip(LOOPS, BLOCK_COLUMNS, strict=True)}
    nest |= {"order": drawn.nest.order, "unheld": drawn.nest.unheld}
    mapping = {"nests": [nest]}
    arch = ArchConfig.model_validate(case.arch | {"mapping": mapping})
    calibration = case.calibration_images
    result = simulate(
        trace_of_case(drawn), arch, scheme_of(case.scheme), calibration_images=calibration
    )
    row = result.layers.iloc[0]
    assert row["nest_order"] == drawn.nest.order
    return {name: int(row[name]) for name in NEST_COUNTS}


def difference(drawn: NestCase) -> dict[str, tuple[int, int, int]]:
    reference, one_by_one = expected(drawn), found(drawn)
    with patch.object(kinds, "_FEW", 0):
        by_kind = found(drawn)
    return {
        name: (reference[name], one_by_one[name], by_kind[name])
        for name in NEST_COUNTS
        if not reference[name] == one_by_one[name] == by_kind[name]
    }


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    cases = {seed: random_nest_case(seed) for seed in range(first, min(first + CHUNK, SEEDS))}
    differing = {seed: difference(case) for seed, case in cases.items()}
    assert not {seed: each for seed, each in differing.items() if each}


@pytest.mark.parametrize("first", range(0, SEEDS // 2, CHUNK))
def test_pixels_that_gate_equal_the_reference(first: int) -> None:
    cases = {seed: pixels_nest_case(seed) for seed in range(first, min(first + CHUNK, SEEDS // 2))}
    differing = {seed: difference(case) for seed, case in cases.items()}
    assert not {seed: each for seed, each in differing.items() if each}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_hypothesis_finds_no_other_case(rng: Random) -> None:
    assert not difference(drawn_nest_case(rng, seed=-1))
