"""pgsim equals the stepped reference on PEs that go by values, case by seeded case (M58).

PGSIM_REFERENCE_VALUES_SEEDS=2000 python -m pytest tests/test_values_against_reference.py
"""

from __future__ import annotations

import os

import pytest
from reference import COUNTS, simulate_layer
from value_cases import ValueCase, value_case

from pgsim import ArchConfig, simulate

SEEDS = int(os.environ.get("PGSIM_REFERENCE_VALUES_SEEDS", "60"))
CHUNK = 40
TERMS = ("msb_terms", "lsb_terms")


def expected(own: ValueCase) -> dict[str, int]:
    case = own.case
    return simulate_layer(
        case.layer,
        case.arch,
        case.scheme,
        images=case.images,
        output_bits=case.output_bits,
        operands=own.operands,
    )


def found(own: ValueCase) -> dict[str, int]:
    result = simulate(own.trace, ArchConfig.model_validate(own.case.arch), own.case.scheme)
    (row,), (layer,) = result.rows, result.layer_results
    first, *later = (int(each.terms.sum()) for each in layer.ledger.passes)
    assert 0 <= row["pe_utilization"] <= 1
    return {name: row[name] for name in COUNTS} | dict(zip(TERMS, (first, sum(later)), strict=True))


def difference(seed: int) -> dict[str, tuple[int, int]]:
    own = value_case(seed)
    reference, fast = expected(own), found(own)
    return {
        name: (reference.get(name, 0), fast[name])
        for name in fast
        if reference.get(name, 0) != fast[name]
    }


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    seeds = range(first, min(first + CHUNK, SEEDS))
    assert not {seed: differing for seed in seeds if (differing := difference(seed))}
