"""Kinds of gates: what they say of a layer's mask."""

from __future__ import annotations

import pytest
from designs import conv

from pgsim.errors import InputError
from pgsim.workload import layer_shape
from pgsim.workload.gates import GATE_KINDS


@pytest.mark.parametrize("name", ["output", "input", "none"])
def test_kinds_are_those_that_a_manifest_may_name(name: str) -> None:
    assert conv(2, 5, in_size=6, kernel=3, gate=name).gate_kind is GATE_KINDS[name]
    assert GATE_KINDS[name].description


def test_the_nearest_kind_is_told_of_one_that_there_is_not() -> None:
    fields = conv(2, 5, in_size=6, kernel=3).manifest() | {"gate": "outputs"}
    expected = "field 'gate': should be 'output', 'input' or 'none', not 'outputs'. Did you mean"
    with pytest.raises(InputError, match=expected):
        layer_shape(fields)


@pytest.mark.parametrize(
    ("gate", "size", "channels", "masked"),
    [
        ("output", (4, 4), 5, True),  # 6 pixels under a kernel of 3
        ("input", (6, 6), 1, True),  # one bit a pixel, for all channels
        ("none", (4, 4), 5, False),
    ],
)
def test_what_a_mask_is_laid_over(
    gate: str, size: tuple[int, int], channels: int, masked: bool
) -> None:
    layer = conv(2, 5, in_size=6, kernel=3, gate=gate)
    assert (layer.mask_size, layer.mask_channels, layer.masked) == (size, channels, masked)
    assert layer.mask_positions == size[0] * size[1]
    assert [layer.gated, layer.gates_inputs] == [gate == "output", gate == "input"]


@pytest.mark.parametrize(("gate", "most"), [("output", 3), ("input", 3), ("none", 4)])
def test_a_mask_decides_about_one_bit_at_least(gate: str, most: int) -> None:
    kind = GATE_KINDS[gate]
    kind.check_bits(4, most)
    with pytest.raises(ValueError, match=f"msb_bits from 1 to {most}, not {most + 1}"):
        kind.check_bits(4, most + 1)
