"""L and T of every kind of PE, worked by hand from the table of M5."""

import pytest

from pgsim.arch import PE


def pe(kind, activation=8, weight=8, terms=16):
    return PE(kind=kind, max_activation_bits=activation, max_weight_bits=weight, terms=terms)


@pytest.mark.parametrize(
    ("activation_bits", "weight_bits", "expected"),
    [
        (8, 8, (1, 1)),
        (4, 4, (4, 1)),
        (2, 2, (16, 1)),  # all 16 bricks on their own
        (2, 8, (4, 1)),
        (8, 2, (4, 1)),
        (4, 2, (8, 1)),
        (1, 1, (16, 1)),  # one bit computes as two
        (3, 8, (2, 1)),  # three bits cost four
        (5, 8, (1, 1)),  # five to seven cost eight
        (7, 7, (1, 1)),
        (16, 8, (1, 2)),  # wider than the unit: it takes turns
        (16, 16, (1, 4)),
        (12, 4, (2, 2)),
        (9, 2, (4, 2)),
    ],
)
def test_fusion_unit_of_8_bits(activation_bits, weight_bits, expected):
    assert pe("fusion").unit.macs_and_cycles(activation_bits, weight_bits) == expected


@pytest.mark.parametrize(
    ("unit", "widths", "expected"),
    [
        ((2, 2), (1, 1), (1, 1)),  # a single brick
        ((2, 2), (4, 3), (1, 4)),
        ((4, 8), (2, 2), (8, 1)),
        ((4, 8), (8, 8), (1, 2)),
        ((16, 16), (2, 2), (64, 1)),
    ],
)
def test_fusion_units_of_other_sizes(unit, widths, expected):
    assert pe("fusion", *unit).unit.macs_and_cycles(*widths) == expected


@pytest.mark.parametrize(
    ("unit", "widths", "expected"),
    [
        ((8, 8), (8, 8), (1, 1)),
        ((8, 8), (2, 2), (1, 1)),  # narrow operands gain nothing
        ((8, 8), (9, 8), (1, 2)),
        ((8, 8), (16, 16), (1, 4)),
        ((4, 8), (8, 8), (1, 2)),
        ((5, 3), (16, 7), (1, 12)),  # ceil(16/5) = 4 by ceil(7/3) = 3
    ],
)
def test_fixed_unit(unit, widths, expected):
    assert pe("fixed", *unit).unit.macs_and_cycles(*widths) == expected


@pytest.mark.parametrize(
    ("kind", "widths", "expected"),
    [
        ("serial_activation", (4, 8), (16, 4)),
        ("serial_activation", (1, 16), (16, 2)),  # weights of 16 bits take two turns of 8
        ("serial_activation", (3, 9), (16, 6)),
        ("serial_activation", (16, 8), (16, 16)),  # activations enter bit by bit, however many
        ("serial_weight", (4, 8), (16, 8)),
        ("serial_weight", (16, 3), (16, 6)),
        ("serial_both", (3, 5), (16, 15)),
    ],
)
def test_serial_units_take_a_cycle_a_bit(kind, widths, expected):
    assert pe(kind).unit.macs_and_cycles(*widths) == expected


def test_terms_are_the_macs_of_a_serial_unit():
    assert pe("serial_activation", terms=5).unit.macs_and_cycles(2, 8) == (5, 2)
