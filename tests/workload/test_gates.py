"""Kinds of gates: what they say of a layer's mask, and that nobody else compares their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from designs import conv

import pgsim
from pgsim.workload import LayerShape
from pgsim.workload.gates import GATE_KINDS

PACKAGE = Path(pgsim.__file__).parent


def test_kinds_are_those_that_a_manifest_may_name() -> None:
    assert tuple(GATE_KINDS) == get_args(LayerShape.model_fields["gate"].annotation)
    assert all(kind.name == name and kind.description for name, kind in GATE_KINDS.items())


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


def comparisons(source: str) -> Iterator[str]:
    """Yield every comparison of something called `gate` or `gates` with a kind's name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            words = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
            asked = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
            if words & GATE_KINDS.keys() and (asked & {"gate", "gates"} or "gate" in words):
                yield ast.unparse(node)


def test_nobody_compares_the_name_of_a_gate() -> None:
    found = {
        file.relative_to(PACKAGE).as_posix(): asked
        for file in PACKAGE.rglob("*.py")
        if (asked := list(comparisons(file.read_text(encoding="utf-8"))))
    }
    assert not found


@pytest.mark.parametrize(
    "source", ["shape.gate == 'input'", "layer.get('gate') == 'output'", "'none' != gate.gates"]
)
def test_the_search_finds_comparisons(source: str) -> None:
    assert list(comparisons(source)) == [ast.unparse(ast.parse(source))]
