"""`inner:A,W`: other bits inside, first and last layers of 8 bits as they are (M48).

Expected widths are those of the name or of the layer, by hand.
"""

from __future__ import annotations

import pytest
from designs import linear, trace_of
from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths

from pgsim import InputError
from pgsim.schemes import scheme_named


def ungated(activation_bits: int, weight_bits: int):
    bits = {"activation_bits": activation_bits, "weight_bits": weight_bits}
    return trace_of(linear(2, 3, 1, gate="none", msb_bits=None, **bits)).layers[0]


@pytest.mark.parametrize("layer", [GATED, UNGATED, INPUT_GATED], ids=["output", "none", "input"])
def test_layers_of_fewer_than_8_bits_have_these(layer) -> None:
    """They have 5, 4 and 4 activation bits, and run in one pass without a gate."""
    assert widths(layer, "inner:3,7") == [(3, 7, False)]
    assert planes(layer, "inner:3,7") == [((0, 3), (0, 7))]


@pytest.mark.parametrize(
    ("own", "expected"),
    [((7, 8), (3, 7)), ((8, 8), (8, 8)), ((8, 6), (8, 6)), ((9, 4), (9, 4)), ((7, 16), (3, 7))],
)
def test_a_layer_of_8_activation_bits_or_more_has_its_own(
    own: tuple[int, int], expected: tuple[int, int]
) -> None:
    """Its weights decide nothing."""
    assert widths(ungated(*own), "inner:3,7") == [(*expected, False)]


@pytest.mark.parametrize(
    ("name", "networks"),
    [
        ("inner:4,8", ("uniform_4",)),  # 8-bit weights are the usual, and go without saying
        ("inner:4,4", ("uniform_4_4",)),
        ("inner:16,1", ("uniform_16_1",)),
    ],
)
def test_the_network_is_the_one_that_was_trained_at_these_bits(
    name: str, networks: tuple[str, ...]
) -> None:
    """The names are those of the accuracies in shipped manifests, such as `top1_uniform_4_4`."""
    scheme = scheme_named(name)
    assert (scheme.name, scheme.networks) == (name, networks)


@pytest.mark.parametrize("name", ["inner:0,8", "inner:8,17"])
def test_operands_have_1_to_16_bits(name: str) -> None:
    with pytest.raises(InputError, match="expected 1 to 16 bits"):
        scheme_named(name)


@pytest.mark.parametrize("name", ["inner:4", "inner:4,8,8", "inner"])
def test_both_widths_have_to_be_said(name: str) -> None:
    with pytest.raises(InputError, match="Did you mean 'inner:4,8'"):
        scheme_named(name)
