"""What all schemes share: numbers in names, planes cut by hand, and a rule of one's own (M3)."""

from __future__ import annotations

import pytest
from designs import linear, trace_of
from scheme_cases import GATED, INPUT_GATED, UNGATED

from pgsim import InputError
from pgsim.schemes import ACTIVATIONS, WEIGHTS, Operand, Pass, Passes, Plane, Scheme
from pgsim.schemes.scheme import (
    cut_at,
    inner_layers,
    numbers_in,
    split,
    top,
    whole_pass,
    zero_weight_planes,
)
from pgsim.workload import LayerTrace

# GATED has 5 activation bits, of which 3 are MSBs, and 6 weight bits.


@pytest.mark.parametrize(
    ("name", "counts", "expected"),
    [
        ("odd:4", (1,), (4,)),
        ("odd:16,1", (2,), (16, 1)),
        ("odd:4,8,2", (1, 3), (4, 8, 2)),
        ("odd:4,8", (1, 3), None),
        ("even:4", (1,), None),
        ("odd", (0, 1), ()),  # no number at all
        ("odd:", (1,), None),
        ("odd:4,", (1, 2), None),
        ("odd:-4", (1,), None),
        ("odd:4 ", (1,), None),
        ("very odd:4", (1,), None),
    ],
)
def test_numbers_stand_behind_the_name(
    name: str, counts: tuple[int, ...], expected: tuple[int, ...] | None
) -> None:
    """Expected as a person reads the name."""
    assert numbers_in(name, "odd", counts) == expected


@pytest.mark.parametrize("name", ["odd:0", "odd:17", "odd:4,0"])
def test_numbers_are_of_1_to_16(name: str) -> None:
    with pytest.raises(InputError, match=rf"scheme '{name}': expected 1 to 16 planes"):
        numbers_in(name, "odd", (1, 2), of="planes")
    assert numbers_in("odd:1,16", "odd", (2,)) == (1, 16)


def test_inner_layers_are_all_but_the_ends() -> None:
    """By hand, of four layers, and of none to two."""
    layers = [GATED, UNGATED, INPUT_GATED, GATED]
    assert list(inner_layers(layers)) == [UNGATED, INPUT_GATED]
    assert [list(inner_layers(layers[:few])) for few in range(3)] == [[], [], []]


@pytest.mark.parametrize(
    ("bits", "of", "expected"),
    [(3, 8, Plane(5, 3)), (1, 2, Plane(1, 1)), (4, 4, Plane(0, 4)), (8, 4, Plane(0, 4))],
)
def test_the_top_is_counted_from_the_most_significant_bit(
    bits: int, of: int, expected: Plane
) -> None:
    """By hand: 3 of bits 7 to 0 are 7 to 5, whose lowest is 5."""
    assert top(bits, of) == expected


def test_weight_bits_are_zero_where_all_weights_have_none() -> None:
    """By hand, of 8 bits: 6 and 0 alone are zero in each weight, bit 1 in half of them."""
    zeros = {"activation": [[2, 1, 1.0]], "weight": [[6, 1, 1.0], [0, 1, 1.0], [1, 1, 0.5]]}
    layer = linear(4, 8, 8, zeros=zeros)
    assert zero_weight_planes(layer) == {6, 0}
    assert zero_weight_planes(linear(4, 8, 8)) == frozenset()


def test_a_layer_is_split_at_its_msbs() -> None:
    """By hand: bits 4 to 2 of activations, then 1 and 0, with all weight bits and without gate."""
    assert split(GATED) == (Pass(Plane(2, 3), Plane(0, 6)), Pass(Plane(0, 2), Plane(0, 6)))
    assert whole_pass(GATED) == Pass(Plane(0, 5), Plane(0, 6))


def test_operands_are_cut_below_so_many_upper_bits() -> None:
    """By hand, of 5 activation and of 6 weight bits."""
    assert cut_at(GATED, "odd:2", ACTIVATIONS, 2) == (Plane(3, 2), Plane(0, 3))
    assert cut_at(GATED, "odd:2", WEIGHTS, 2) == (Plane(4, 2), Plane(0, 4))
    assert cut_at(GATED, "odd:5", WEIGHTS, 5) == (Plane(1, 5), Plane(0, 1))


@pytest.mark.parametrize(
    ("operand", "word", "upper_bits", "has"),
    [
        (ACTIVATIONS, "activation", 5, 5),
        (ACTIVATIONS, "activation", 0, 5),
        (WEIGHTS, "weight", 6, 6),
    ],
)
def test_a_cut_leaves_bits_on_both_sides(
    operand: Operand, word: str, upper_bits: int, has: int
) -> None:
    message = (
        f"layer 'linear' has {has} {word} bits, of which scheme 'odd' takes {upper_bits} "
        f"first: expected 1 to {has - 1}"
    )
    with pytest.raises(InputError) as error:
        cut_at(GATED, "odd", operand, upper_bits)
    assert str(error.value) == message


def test_a_single_bit_cannot_be_cut() -> None:
    layer = trace_of(linear(2, 3, 1, gate="none", msb_bits=None, activation_bits=1)).layers[0]
    with pytest.raises(InputError, match="a single bit cannot be split"):
        cut_at(layer, "odd", ACTIVATIONS, 1)


class Odd(Scheme):
    """As many activation bits as there are, made odd."""

    example = "odd"

    def passes(self, layer: LayerTrace) -> Passes:
        return (Pass(Plane(0, layer.shape.activation_bits | 1), Plane(0, 1)),)


def test_a_scheme_of_passes_alone_is_asked_for_by_its_example() -> None:
    """Its own names are those that it says."""
    scheme = Odd()
    assert (scheme.name, scheme.networks) == ("odd", ())
    assert type(Odd.parsed("odd")) is Odd
    assert Odd.parsed("odd:1") is None


def test_a_network_has_the_passes_of_each_layer_by_its_name() -> None:
    """By hand: 4 bits are 5, and 5 are 5."""
    layers = [
        trace_of(linear(2, 3, 1, name=name, gate="none", msb_bits=None, activation_bits=bits))
        for name, bits in (("a", 4), ("b", 7))
    ]
    found = Odd().network([each.layers[0] for each in layers])
    bits = {name: [each.activation_bits for each in passes] for name, passes in found.items()}
    assert bits == {"a": [5], "b": [7]}


def test_a_scheme_without_passes_is_none() -> None:
    with pytest.raises(NotImplementedError):
        Scheme().passes(GATED)
