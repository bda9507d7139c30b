"""The passes of every scheme, from the table of M3."""

from __future__ import annotations

import pytest
from designs import drawn, linear, trace_of

from pgsim import InputError
from pgsim.schemes import SCHEMES, passes, scheme_named
from pgsim.workload import LayerTrace

GATED = trace_of(linear(2, 3, 1, activation_bits=5, msb_bits=3, weight_bits=6), drawn("x.")).layers[
    0
]
UNGATED = trace_of(linear(2, 3, 1, gate="none", msb_bits=None, weight_bits=6)).layers[0]
INPUT_GATED = trace_of(linear(2, 3, 1, gate="input"), drawn("x.")).layers[0]


def widths(layer: LayerTrace, scheme: str) -> list[tuple[int, int, bool]]:
    return [
        (each.activation_bits, each.weight_bits, each.mask is not None)
        for each in passes(layer, scheme)
    ]


@pytest.mark.parametrize(
    ("scheme", "of_gated", "of_ungated"),
    [
        ("pg", [(3, 6, False), (2, 6, True)], [(4, 6, False)]),
        ("dual_dense", [(3, 6, False), (2, 6, False)], [(4, 6, False)]),
        ("full", [(5, 6, False)], [(4, 6, False)]),
        ("msb_only", [(3, 6, False)], [(4, 6, False)]),
        ("uniform:8,8", [(8, 8, False)], [(8, 8, False)]),
        ("uniform:7", [(7, 6, False)], [(7, 6, False)]),
        ("uniform:1,16", [(1, 16, False)], [(1, 16, False)]),
    ],
)
def test_passes(
    scheme: str, of_gated: list[tuple[int, int, bool]], of_ungated: list[tuple[int, int, bool]]
) -> None:
    assert widths(GATED, scheme) == of_gated
    assert widths(UNGATED, scheme) == of_ungated


def test_the_lsb_pass_carries_the_layers_own_mask() -> None:
    assert passes(GATED, "pg")[1].mask is GATED


@pytest.mark.parametrize("scheme", ["pg", "dual_dense", "msb_only"])
def test_a_layer_that_gates_inputs_is_refused_by_name(scheme: str) -> None:
    with pytest.raises(InputError, match=rf"layer 'linear' gates its inputs.*'{scheme}'.*full"):
        passes(INPUT_GATED, scheme)


def test_a_layer_that_gates_inputs_runs_whole() -> None:
    assert widths(INPUT_GATED, "full") == [(4, 8, False)]
    assert widths(INPUT_GATED, "uniform:8,8") == [(8, 8, False)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dual-dense", "Did you mean 'dual_dense'"),
        ("PG", "expected one of pg, dual_dense"),
        ("uniform", "Did you mean 'uniform:8,8'"),
        ("uniform:8,8,8", "Did you mean 'uniform:8,8'"),
        ("uniform:0", "expected 1 to 16 bits"),
        ("uniform:8,17", "expected 1 to 16 bits"),
        ("uniform:-1", "expected one of"),
        ("", "expected one of"),
    ],
)
def test_an_unknown_scheme_is_refused_with_what_was_expected(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        scheme_named(name)


def test_every_scheme_is_described() -> None:
    for name in SCHEMES:
        assert passes(GATED, name.replace("A", "8").replace("W", "8"))
