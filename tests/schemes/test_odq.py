"""`odq:A,W`: prediction from both operands' MSBs, then the other three products (M54)."""

from __future__ import annotations

import pytest
from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths

from pgsim import InputError
from pgsim.schemes import InputGate, OutputGate, layer_passes, leading, scheme_named


def test_the_upper_bits_of_both_then_the_other_products() -> None:
    # Of 5 by 6 bits: bits 4 to 3 by 5 to 2; then with the lower 2 and 3 bits.
    upper, lower, strong, weak = (3, 2), (0, 3), (2, 4), (0, 2)
    expected = [(upper, strong), (upper, weak), (lower, strong), (lower, weak)]
    assert planes(GATED, "odq:2,4") == expected
    assert [gated for *_, gated in widths(GATED, "odq:2,4")] == [False, True, True, True]


def test_the_gate_is_the_layers_own() -> None:
    for layer, kind, before in ((GATED, OutputGate, 1), (INPUT_GATED, InputGate, 4)):
        passes = layer_passes(layer, "odq:2,2")
        assert {type(each.gate) for each in passes[1:]} == {kind}
        assert leading(passes) == before


def test_an_ungated_layer_is_whole() -> None:
    assert widths(UNGATED, "odq:2,2") == [(4, 6, False)]


def test_its_name_is_its_own() -> None:
    assert scheme_named("odq:2,4").name == "odq:2,4"
    assert scheme_named("odq:2,4").networks == ()


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("odq:5,4", "5 activation bits.*'odq:5,4' takes 5 first: expected 1 to 4"),
        ("odq:2,6", "6 weight bits.*takes 6 first: expected 1 to 5"),
        ("odq:0,2", "takes 0 first"),
    ],
)
def test_both_planes_have_bits(scheme: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        layer_passes(GATED, scheme)
