"""The two operands of a pass, and the bits that passes use of them together (M23)."""

from __future__ import annotations

from designs import linear

from pgsim.schemes import ACTIVATIONS, OPERANDS, WEIGHTS, Pass, Plane

PASSES = [Pass(Plane(4, 4), Plane(0, 3)), Pass(Plane(2, 4), Plane(5, 1))]


def test_operands_by_the_names_of_their_buffers() -> None:
    assert OPERANDS == {"activation": ACTIVATIONS, "weight": WEIGHTS}


def test_each_operand_has_its_own_plane() -> None:
    assert ACTIVATIONS.plane(PASSES[0]) == Plane(4, 4)
    assert WEIGHTS.plane(PASSES[0]) == Plane(0, 3)
    assert (ACTIVATIONS.bits(PASSES[1]), WEIGHTS.bits(PASSES[1])) == (4, 1)


def test_stored_bits_are_those_that_any_pass_uses() -> None:
    # Activation bits 7 to 4 and 5 to 2 are 6; weight bits 2 to 0 and 5 are 4.
    assert (ACTIVATIONS.stored_bits(PASSES), WEIGHTS.stored_bits(PASSES)) == (6, 4)
    assert ACTIVATIONS.stored_bits(PASSES[:1]) == 4


def test_a_layer_has_a_width_for_each_operand() -> None:
    layer = linear(2, 3, 1, activation_bits=6, weight_bits=3)
    assert (ACTIVATIONS.width(layer), WEIGHTS.width(layer)) == (6, 3)
