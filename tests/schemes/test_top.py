"""`top:A,W` and `top:A`: most significant planes of inner layers (M55)."""

from __future__ import annotations

import pytest
from designs import design, linear
from scheme_cases import GATED, UNGATED, planes

from pgsim import GateTrace, InputError, simulate
from pgsim.schemes import network_passes, scheme_named

WIDE = {"gate": "none", "msb_bits": None, "activation_bits": 8, "weight_bits": 8}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("top:2,4", ((3, 2), (2, 4))),  # of 5 activation and 6 weight bits
        ("top:3", ((2, 3), (0, 6))),
        ("top:5,6", ((0, 5), (0, 6))),
        ("top:8,16", ((0, 5), (0, 6))),  # no more than there are
        ("top:1,1", ((4, 1), (5, 1))),
    ],
)
def test_the_most_significant_bits_are_taken(
    name: str, expected: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    assert planes(GATED, name) == [expected]
    assert scheme_named(name).name == name


def test_the_first_and_the_last_layer_stay_whole() -> None:
    layers = [linear(2, 3, 3, name=name, **WIDE) for name in ("a", "b", "c", "d")]
    trace = GateTrace.from_masks({}, layers, images=1)
    taken = network_passes(trace.layers, "top:2,4")
    bits = {
        name: [(each.activation.low, each.weight.low) for each in own]
        for name, own in taken.items()
    }
    assert bits == {"a": [(0, 0)], "b": [(6, 4)], "c": [(6, 4)], "d": [(0, 0)]}


def test_a_network_of_two_layers_has_no_inner_one() -> None:
    layers = network_passes([GATED], "top:1,1")
    assert [each.activation.bits for each in layers["linear"]] == [5]


def test_what_moves_are_the_planes_that_are_read() -> None:
    # The middle layer takes 2 of 8 activation bits and 4 of 8 weight bits.
    layers = [
        linear(3, 16, 16, name="before", **WIDE),
        linear(3, 16, 8, name="middle", **WIDE),
        linear(3, 8, 8, name="after", **WIDE),
    ]
    trace = GateTrace.from_masks({}, layers, images=1)
    narrow = design({"memory.dram.burst_bytes": 1, "array.columns": 8})
    rows = simulate(trace, narrow, "top:2,4").layers.set_index("layer")
    middle = rows.loc["middle"]
    assert middle["dram_activation_read_bytes"] == 3 * 16 * 2 // 8
    assert middle["dram_weight_read_bytes"] == 16 * 8 * 4 // 8
    assert middle["dram_write_bytes"] == 3 * 8 * 8 // 8  # for the last layer, which is whole
    assert rows.loc["before", "dram_write_bytes"] == 3 * 16 * 2 // 8
    assert (middle["average_bits"], middle["weight_bits"]) == (2, 4)


@pytest.mark.parametrize("name", ["top:0", "top:17", "top:4,0", "top:4,17"])
def test_operands_have_1_to_16_bits(name: str) -> None:
    with pytest.raises(InputError, match="expected 1 to 16 bits"):
        scheme_named(name)


def test_a_precision_of_a_trained_network_has_its_accuracy() -> None:
    assert scheme_named("top:4,4").networks == scheme_named("top:4").networks == ("4_bits",)
    assert scheme_named("top:4,8").networks == ()
    assert planes(UNGATED, "top:2,2") == [((2, 2), (4, 2))]
