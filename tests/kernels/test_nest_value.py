"""How costs compare, from the rule's text (M41): by value, bursts, cycles, energy, block size."""

from __future__ import annotations

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import machine

from pgsim.kernels import nest_value
from pgsim.kernels.nest_problem import Cost, Prices

COST = Cost(value=100.0, bursts=10, cycles=20, energy_pj=30.0, volume=6)
LESS, SAME, MORE = (True, False), (False, True), (False, False)


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SAME),
        # Each decides only where those before are equal.
        ({"value": 99.0, "bursts": 11, "cycles": 21, "energy_pj": 31.0, "volume": 5}, LESS),
        ({"value": 101.0, "bursts": 9, "cycles": 19, "energy_pj": 29.0, "volume": 7}, MORE),
        ({"bursts": 9, "cycles": 21, "energy_pj": 31.0, "volume": 5}, LESS),
        ({"bursts": 11, "cycles": 19, "energy_pj": 29.0, "volume": 7}, MORE),
        ({"cycles": 19, "energy_pj": 31.0, "volume": 5}, LESS),
        ({"cycles": 21, "energy_pj": 29.0, "volume": 7}, MORE),
        ({"energy_pj": 29.0, "volume": 5}, LESS),
        ({"energy_pj": 31.0, "volume": 7}, MORE),
        ({"volume": 7}, LESS),  # a larger block is better
        ({"volume": 5}, MORE),
        # Sums of floats in another order are equal; a part in 10^11 is a difference.
        ({"value": 100 * (1 - 1e-13), "bursts": 11}, MORE),
        ({"value": 100 * (1 + 1e-13), "bursts": 9}, LESS),
        ({"energy_pj": 30 * (1 + 1e-13)}, SAME),
        ({"value": 100 * (1 - 1e-11), "bursts": 11}, LESS),
        ({"energy_pj": 30 * (1 + 1e-11), "volume": 7}, MORE),
    ],
)
def test_the_first_that_differs_decides(changes: dict, expected: tuple[bool, bool]) -> None:
    assert nest_value.better(COST._replace(**changes), COST) == expected


@pytest.mark.parametrize(
    ("powers", "value"), [((1, 0, 0), 3), ((0, 1, 0), 5), ((0, 0, 1), 7), ((1, 0, 1), 21)]
)
def test_what_is_least_is_a_product(powers: tuple[int, int, int], value: int) -> None:
    """By hand, of 3 cycles, 5 bursts and 7 pJ: latency, DRAM, energy, and energy times delay."""
    assert nest_value.value_of(Prices(*powers, pj=np.zeros(12)), 3, 5, 7.0) == value


@pytest.mark.parametrize(("bursts", "cycles"), [(0, 0), (1, 2), (2, 3), (3, 5), (4, 6)])
def test_bursts_take_whole_cycles_together(bursts: int, cycles: int) -> None:
    """By hand: 3/2 cycles each, rounded up once."""
    own = machine(burst_numerator=3, burst_denominator=2)
    assert nest_value.moves(own, bursts) == cycles
