"""Planes and passes, and those that no machine can make (M2, M3, M19, M23)."""

from __future__ import annotations

import re

import pytest
from designs import drawn, linear, trace_of
from scheme_cases import GATED, INPUT_GATED, UNGATED

from pgsim import InputError
from pgsim.schemes import (
    Gate,
    InputGate,
    OutputGate,
    Pass,
    Passes,
    Plane,
    check_passes,
    leading,
    union,
    union_bits,
    whole,
)

TOP, LOW, ALL = Plane(2, 3), Plane(0, 2), Plane(0, 6)
OPEN = OutputGate(GATED)
D, G = Pass(TOP, ALL), Pass(LOW, ALL, OPEN)


def test_a_plane_is_a_run_of_bits() -> None:
    assert TOP.word == 0b11100
    assert union([TOP, LOW, Plane(7, 1)]) == 0b10011111
    assert whole(5) == Plane(0, 5)


def test_bits_of_several_planes_count_once() -> None:
    assert union_bits([]) == 0
    assert union_bits([TOP, LOW]) == 5
    assert union_bits([TOP, Plane(3, 4), Plane(9, 1)]) == 3 + 2 + 1
    assert union_bits([TOP, TOP, whole(5)]) == 5


@pytest.mark.parametrize(
    ("passes", "expected"), [((D,), 1), ((D, G), 1), ((D, D, G, D, G), 2), ((D, D, D), 3)]
)
def test_leading_passes_come_before_the_first_gated_one(passes: Passes, expected: int) -> None:
    assert leading(passes) == expected


def test_a_pass_knows_its_widths() -> None:
    assert (G.activation_bits, G.weight_bits, G.gated, D.gated) == (2, 6, True, False)


def test_passes_that_can_be_made_are_returned_as_they_are() -> None:
    passes = (D, G, D, G)
    assert check_passes(GATED, passes, "mine") is passes
    assert check_passes(GATED, (Pass(Plane(15, 1), whole(16)),), "mine")


OTHER = trace_of(linear(2, 3, 1, activation_bits=5, msb_bits=3), drawn("x.")).layers[0]


@pytest.mark.parametrize(
    ("passes", "refusal"),
    [
        ((), "has no pass: expected one at least"),
        ((G, D), "gates its first pass: a gate decides about a sum, and there is none yet"),
        (
            (Pass(Plane(0, 0), ALL),),
            "pass 1 takes 0 activation bits from bit 0 on: expected 1 bit or more, up to bit 15",
        ),
        ((D, Pass(TOP, Plane(0, 0))), "pass 2 takes 0 weight bits from bit 0 on"),
        ((Pass(Plane(-1, 3), ALL),), "pass 1 takes 3 activation bits from bit -1 on"),
        ((D, D, Pass(TOP, Plane(14, 3))), "pass 3 takes 3 weight bits from bit 14 on: expected 1"),
        ((D, Pass(LOW, ALL, OutputGate(OTHER))), "pass 2 is gated by the mask of another layer"),
        ((D, Pass(LOW, ALL, InputGate(GATED))), "pass 2 is gated by inputs, and the layer has"),
    ],
)
def test_passes_that_no_machine_can_make_are_refused(passes: Passes, refusal: str) -> None:
    expected = f"^layer 'linear': scheme 'mine' {re.escape(refusal)}"
    with pytest.raises(InputError, match=expected):
        check_passes(GATED, passes, "mine")


def test_all_refusals_are_listed() -> None:
    wrong = (Pass(Plane(0, 0), Plane(0, 17), OPEN), Pass(LOW, ALL, InputGate(GATED)))
    with pytest.raises(InputError) as caught:
        check_passes(GATED, wrong, "mine")
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize(("layer", "gate"), [(UNGATED, "none"), (INPUT_GATED, "input")])
def test_a_layer_without_an_output_mask_gates_nothing(layer, gate: str) -> None:
    expected = rf"pass 2 is gated by outputs, and the layer has gate '{gate}'"
    with pytest.raises(InputError, match=expected):
        check_passes(layer, (D, Pass(LOW, ALL, OutputGate(layer))), "mine")


def test_a_gate_must_say_what_it_can_steer() -> None:
    with pytest.raises(NotImplementedError):
        Gate(GATED).refusal(GATED)


@pytest.mark.parametrize("listed", [None, True, [(2, 8)], "pg"])
def test_what_is_no_list_of_passes_is_refused_by_name(listed: object) -> None:
    with pytest.raises(InputError, match=r"layer 'linear': scheme 'odd' gives .*each a Pass"):
        check_passes(GATED, listed, "odd")


def test_a_list_of_passes_is_as_good_as_a_tuple() -> None:
    assert check_passes(GATED, [D, G], "listed") == (D, G)
