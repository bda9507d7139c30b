"""Weights that stay on chip equal the stepped reference, whichever of their bits are there (M55).

Cases are those of the fixed order and of loop nests, gated or not, each with some bits of every
weight on chip before the layer. Long runs ask for more:

    PGSIM_REFERENCE_ON_CHIP_SEEDS=5000 python -m pytest tests/test_weights_on_chip.py
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest
from cases import Case, random_case, random_passes_case
from listed_passes import scheme_of
from nest_cases import NestCase, random_nest_case
from nest_jobs import trace_of_case
from reference import COUNTS, NEST_COUNTS, simulate_layer, simulate_nest
from reference.nests import LOOPS

from pgsim import ArchConfig, GateTrace
from pgsim.mapping.nest import BLOCK_COLUMNS
from pgsim.model.work_store import WorkStore
from pgsim.schemes import scheme_named
from pgsim.study.counting import Network
from pgsim.study.jobs import split
from pgsim.study.simulation import costed_jobs, result_of

SEEDS = int(os.environ.get("PGSIM_REFERENCE_ON_CHIP_SEEDS", "24"))


def bits_there(seed: int) -> frozenset[int]:
    """None, some or all of the bits of an operand."""
    rng = Random(f"on chip {seed}")
    share = rng.choice((0, 0.5, 0.5, 1))
    return frozenset(bit for bit in range(16) if rng.random() < share)


def found(
    trace: GateTrace, case: Case, arch: ArchConfig, there: frozenset[int], counts: Sequence[str]
) -> dict[str, int]:
    """What pgsim says of the case's layer, some bits of whose weights are on chip."""
    scheme = scheme_named(scheme_of(case.scheme))
    jobs, costs = costed_jobs(trace, arch, scheme)
    scheduled = any(job.scheduled for job in jobs)
    word = sum(1 << bit for bit in there)
    on_chip = {layer.shape.name: word for layer in trace.layers}
    store, calibration = WorkStore(limit_bytes=0), case.calibration_images
    network = Network(
        trace, split(trace, scheme, store), costs, scheduled, calibration, store, on_chip
    )
    row = result_of(network).rows[0]
    return {name: row[name] for name in counts}


def difference(case: Case, seed: int) -> dict[str, tuple[int, int]]:
    there = bits_there(seed)
    reference = simulate_layer(
        case.layer,
        case.arch,
        case.scheme,
        images=case.images,
        output_bits=case.output_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
        weights_on_chip=there,
    )
    arch = ArchConfig.model_validate(case.arch)
    fast = found(trace_of_case(NestCase(case, None)), case, arch, there, COUNTS)  # type: ignore[arg-type]
    return {name: (reference[name], fast[name]) for name in COUNTS if reference[name] != fast[name]}


def nest_difference(drawn: NestCase, seed: int) -> dict[str, tuple[int, int]]:
    case, there = drawn.case, bits_there(seed)
    reference = simulate_nest(
        case.layer,
        case.arch,
        case.scheme,
        drawn.nest,
        images=case.images,
        output_bits=case.output_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
        weights_on_chip=there,
    )
    nest = {key: drawn.nest.blocks[loop] for loop, key in zip(LOOPS, BLOCK_COLUMNS, strict=True)}
    nest |= {"order": drawn.nest.order, "unheld": drawn.nest.unheld}
    arch = ArchConfig.model_validate(case.arch | {"mapping": {"nests": [nest]}})
    fast = found(trace_of_case(drawn), case, arch, there, NEST_COUNTS)
    return {
        name: (reference[name], fast[name]) for name in NEST_COUNTS if reference[name] != fast[name]
    }


@pytest.mark.parametrize("case_of", [random_case, random_passes_case])
def test_the_fixed_order_equals_the_reference(case_of) -> None:
    differing = {seed: difference(case_of(seed), seed) for seed in range(SEEDS)}
    assert not {seed: each for seed, each in differing.items() if each}


def test_nests_equal_the_reference() -> None:
    drawn = {seed: random_nest_case(seed) for seed in range(SEEDS)}
    # Weights that a nest leaves unheld are there all the same: no search asks for that.
    held = {seed: each for seed, each in drawn.items() if "weight" not in each.nest.unheld}
    assert len(held) > SEEDS // 2
    differing = {seed: nest_difference(each, seed) for seed, each in held.items()}
    assert not {seed: each for seed, each in differing.items() if each}
