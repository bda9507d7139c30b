"""What every kind of PE says of itself, from the tables of M5 and M29."""

from __future__ import annotations

import pytest

from pgsim import InputError
from pgsim.arch import PE, PES

WIDTHS = range(1, 17)


def test_the_kinds_of_m5() -> None:
    serial = ["serial_activation", "serial_weight", "serial_both"]
    by_values = ["zero_skip", "pragmatic", "laconic", "tactical_essential", "tactical_precision"]
    assert list(PES) == ["fixed", "fusion", *serial, "binary", *by_values]
    assert [name for name, kind in PES.items() if kind.by_values] == by_values
    assert all(kind.name == name and kind.description for name, kind in PES.items())


@pytest.mark.parametrize("kind", PES)
def test_a_pe_is_made_of_the_keys_of_its_kind(kind: str) -> None:
    activation_bits, weight_bits = (1, 1) if kind == "binary" else (4, 2)
    widths = {"max_activation_bits": activation_bits, "max_weight_bits": weight_bits}
    unit = PE(kind=kind, terms=5, **widths).unit
    assert type(unit) is PES[kind]
    assert (unit.max_activation_bits, unit.max_weight_bits) == (activation_bits, weight_bits)
    assert getattr(unit, "terms", None) == (None if kind in ("fixed", "fusion") else 5)


def naive_turns(bits: int, widest: int) -> int:
    turns = 0
    while bits > 0:
        bits -= widest
        turns += 1
    return turns


@pytest.mark.parametrize("kind", ["fixed", "fusion"])
@pytest.mark.parametrize("widest", [2, 4, 8, 16])
def test_parallel_pes_take_turns_for_wide_operands(kind: str, widest: int) -> None:
    unit = PE(kind=kind, max_activation_bits=widest, max_weight_bits=8).unit
    for bits in WIDTHS:
        assert unit.turns(bits, 8) == naive_turns(bits, widest)
        assert unit.macs_and_cycles(bits, 16)[1] == 2 * naive_turns(bits, widest)


def test_bricks_of_a_fusion_unit_are_never_used_twice() -> None:
    # An 8 x 4 unit has 4 x 2 bricks of 2 x 2 bits. A product of a x w bits takes as many bricks as
    # cover it, in powers of two, and those that fit side by side work.
    unit = PE(kind="fusion", max_activation_bits=8, max_weight_bits=4).unit
    bricks = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 8: 4}
    for activation_bits in range(1, 9):
        for weight_bits in range(1, 5):
            macs, cycles = unit.macs_and_cycles(activation_bits, weight_bits)
            assert macs * bricks[activation_bits] * bricks[weight_bits] == 8
            assert cycles == 1


@pytest.mark.parametrize("bits", [3, 5, 6, 7, 12])
def test_only_powers_of_two_are_fusion_units(bits: int) -> None:
    with pytest.raises(ValueError, match="expected a power of two from 2 to 16"):
        PE(kind="fusion", max_activation_bits=bits)
    assert PE(kind="fixed", max_activation_bits=bits).unit.problems() == {}


def test_a_stream_bit_is_what_further_streams_add() -> None:
    # Three further streams of a fixed PE's 8 operand bits; of a fusion PE's 32 wires.
    for kind, unit in PES.items():
        name, share = ("fusion", 96) if kind == "fusion" else ("fixed", 24)
        expected = {f"{name}_8x8_4_streams": 1 / share, f"{name}_8x8": -1 / share}
        assert unit.stream_bit_modules == expected


def test_a_pe_wider_than_operands_is_refused() -> None:
    for key in ("max_activation_bits", "max_weight_bits"):
        with pytest.raises((ValueError, InputError)):
            PE(kind="fixed", **{key: 17})
