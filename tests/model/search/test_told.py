"""Texts that tell values apart."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import pytest
from designs import conv, design
from hypothesis import given
from hypothesis import strategies as st

from pgsim import load_arch
from pgsim.arch.memory import DRAMCycles
from pgsim.model.search.told import Untold, told
from pgsim.schemes.passes import Pass, Plane

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from((0.0, -0.0, 1.0, 0.1, 0.1 + 1e-17, 0.1 + 2e-17, 2.0))
    | st.sampled_from(("", "1", "a", "a, 1=", "int:1", "None"))
    | st.sampled_from((Fraction(1), Fraction(1, 3)))
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@given(VALUES, VALUES)
def test_values_are_told_alike_if_python_writes_them_alike(one: object, other: object) -> None:
    assert (told(one) == told(other)) == (repr(one) == repr(other))


def test_every_key_of_a_section_is_told() -> None:
    arch = load_arch("pg_os")
    texts = {
        told(each.array)
        for each in (
            arch,
            arch.override({"array.rows": 32}),
            arch.override({"array.columns": 32}),
            arch.override({"array.overlap": "none"}),
            arch.override({"array.pe.max_weight_bits": 16}),
        )
    }
    assert len(texts) == 5


def test_objects_are_told_by_their_class_and_parts() -> None:
    passes = [Pass(Plane(low, bits), Plane(0, 8)) for low in (0, 2) for bits in (2, 4)]
    assert len(set(map(told, passes))) == 4
    assert told(Pass(Plane(2, 2), Plane(0, 8))) == told(passes[2])
    counts = DRAMCycles(Fraction(1), Fraction(2))
    assert told(counts) != told(tuple(counts))
    flows = {told(design({"array.dataflow": name}).dataflow) for name in ("os", "ws", "is")}
    assert len(flows) == 3


def test_what_is_asked_for_later_changes_no_text() -> None:
    layer, arch = conv(2, 3, 4, 3), design()
    before = told(layer), told(arch), told(arch.dataflow)
    assert layer.geometry and arch.peak and arch.window_capacity and arch.scheduler
    assert (told(layer), told(arch), told(arch.dataflow)) == before


def test_some_things_are_told_in_a_way_of_their_own() -> None:
    value = (1, Fraction(1, 2), (2,))
    text = told(value, lambda each: "half" if isinstance(each, Fraction) else None)
    assert text == told((1, "", (2,))).replace("str:''", "half")


class Named(NamedTuple):
    """A tuple of another package."""

    number: int


@dataclass
class Data:
    """An object of another package."""

    number: int


@pytest.mark.parametrize("value", [Named(1), Data(1), {1}, object(), complex(1), print])
def test_what_is_not_pgsims_is_not_told(value: object) -> None:
    with pytest.raises(Untold):
        told((1, value))
