"""pgsim equals the stepped reference on PEs that go by values, case by seeded case (M58).

PGSIM_REFERENCE_VALUES_SEEDS=2000 python -m pytest tests/test_values_against_reference.py
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from reference import COUNTS, simulate_layer
from reference.layers import VALUE_KINDS
from value_cases import ValueCase, value_case

from pgsim import ArchConfig, load_trace, simulate
from pgsim.workload import layers_with_operands

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


# Layers of the committed networks, and how many inputs, outputs and sides or steps of each are cut.
COMMITTED = {
    "resnet20_regions_8_5": ("layer3.2.conv2", 10, 6, 4),
    "digits_pg_4_2": ("conv4", 10, 6, 3),
    "char_lstm_pg_4_2": ("lstm1.hidden", 40, 9, 4),
}
PE = {"max_activation_bits": 8, "max_weight_bits": 8, "terms": 4, "weight_registers": 0}
PE |= {"signed_digits": False, "first_stage_bits": 0, "lookahead": 2, "lookaside": 5}


def committed_case(name: str, kind: str) -> ValueCase:
    """A corner of a layer, with the integers that the trained network really multiplied."""
    layer, inputs, outputs, side = COMMITTED[name]
    (own,) = layers_with_operands(load_trace(name)).of_layers([layer]).layers
    assert own.operands is not None
    whole = own.operands.activations
    corner = whole[:, :inputs, :side, :side]
    drawn = value_case(0)
    array = drawn.case.arch["array"] | {"pe": PE | {"kind": kind}, "rows": 4, "columns": 3}
    lsb = drawn.case.arch["lsb"] | {"window": "auto"}
    fields = {
        "name": "layer",
        "op": own.shape.op,
        "in_channels": inputs,
        "out_channels": outputs,
        "groups": 1,
        "activation_bits": own.shape.activation_bits,
        "weight_bits": own.shape.weight_bits,
        "gate": "none",
        "signed": own.shape.signed,
    }
    square = {"in_size": [side, side], "kernel": [3, 3], "padding": [1, 1]}
    square |= {"stride": [1, 1], "dilation": [1, 1]}
    case = replace(
        drawn.case,
        layer=fields | (square if own.shape.op == "conv2d" else {"time_steps": side}),
        arch=drawn.case.arch | {"array": array, "lsb": lsb, "output_bits": 8},
        scheme="full",
        images=len(whole),
        output_bits=8,
    )
    return ValueCase(case, corner, own.operands.weights[:outputs, :inputs])


@pytest.mark.parametrize("kind", VALUE_KINDS)
@pytest.mark.parametrize("name", COMMITTED)
def test_real_operands_equal_the_reference(name: str, kind: str) -> None:
    own = committed_case(name, kind)
    reference, fast = expected(own), found(own)
    assert {each: reference.get(each, 0) for each in fast} == fast
