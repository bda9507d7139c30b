"""`uniform:A,W` and `uniform:A`: all layers at the same bits (M3)."""

from __future__ import annotations

import pytest
from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths

from pgsim import InputError
from pgsim.schemes import scheme_named


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("uniform:8,8", (8, 8, False)),
        ("uniform:7", (7, 6, False)),  # each layer's own 6 weight bits
        ("uniform:1,16", (1, 16, False)),
    ],
)
def test_every_layer_has_these_bits(scheme: str, expected: tuple[int, int, bool]) -> None:
    assert widths(GATED, scheme) == widths(UNGATED, scheme) == [expected]
    assert planes(GATED, scheme) == [((0, expected[0]), (0, expected[1]))]


def test_a_layer_that_gates_inputs_runs_whole() -> None:
    assert widths(INPUT_GATED, "uniform:8,8") == [(8, 8, False)]


@pytest.mark.parametrize("name", ["uniform:8,8", "uniform:8", "uniform:16,1"])
def test_a_scheme_bears_the_name_it_was_asked_for_by(name: str) -> None:
    assert scheme_named(name).name == name


@pytest.mark.parametrize("name", ["uniform:0", "uniform:8,17", "uniform:17", "uniform:8,0"])
def test_operands_have_1_to_16_bits(name: str) -> None:
    with pytest.raises(InputError, match="expected 1 to 16 bits"):
        scheme_named(name)
