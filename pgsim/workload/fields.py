"""The types of a layer's fields: what a manifest may say of one, and how it is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from pgsim.workload.gates import GATE_KINDS
from pgsim.workload.ops import OPS, Op
from pgsim.workload.problems import unknown_name

_LARGEST_SIZE = 2**24  # of one dimension: far beyond any network, and small enough to multiply
_LONGEST_NAME = 256  # characters
_NUMBERS = {1: "a number in a list", 2: "a pair", 3: "three numbers"}


def _op_of(fields: Mapping[str, Any]) -> Op | None:
    """Return a layer's op; None where that is wrong, which is then the error to report."""
    name = fields.get("op")
    return OPS.get(name) if isinstance(name, str) else None


def _sizes(value: object, info: ValidationInfo) -> object:
    """Return a size for each axis of the layer's op."""
    if not (op := _op_of(info.data)):
        return ()
    if not isinstance(value, list | tuple) or len(value) != len(op.axes):
        numbers = _NUMBERS.get(len(op.axes), f"{len(op.axes)} numbers")
        raise ValueError(f"expected {numbers} [{', '.join(op.axes)}]")
    return tuple(value)


def _sizes_or_ones(value: object, info: ValidationInfo) -> object:
    op = _op_of(info.data)
    return (1,) * len(op.axes) if value is None and op else _sizes(value, info)


def _margins(value: object, info: ValidationInfo) -> object:
    """Return margins as a layer keeps them: one number an axis where all of its ends agree."""
    op = _op_of(info.data)
    if value is None or not op:
        return none_by_axis(info.data)
    if not isinstance(value, list | tuple) or len(value) not in (len(op.axes), len(op.ends)):
        raise ValueError(f"expected [{', '.join(op.axes)}], [{', '.join(op.ends)}] or 'same'")
    if len(value) == len(op.ends) and value[::2] == value[1::2]:
        return tuple(value[::2])
    return tuple(value)


def none_by_axis(fields: Mapping[str, Any]) -> tuple[int, ...]:
    """Return a 0 for each axis of a layer's op: what padding is that its manifest leaves out."""
    op = _op_of(fields)
    return (0,) * len(op.axes) if op else ()


def default_msb_bits(value: object, info: ValidationInfo) -> object:
    """Return all bits of a layer for MSBs that its manifest leaves out."""
    # Where activation_bits is wrong, that error is the one to report, and any number does here.
    return info.data.get("activation_bits", 1) if value is None else value


def _printable(value: object) -> object:
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise ValueError("expected a non-empty name of printable characters")
    if isinstance(value, str) and len(value) > _LONGEST_NAME:
        raise ValueError(f"expected a name of at most {_LONGEST_NAME} characters")
    return value


def _name_in(kinds: Collection[str]) -> BeforeValidator:
    def known(value: object) -> object:
        if not (isinstance(value, str) and value in kinds):
            raise unknown_name(kinds)
        return value

    return BeforeValidator(known)


def _distinct(value: object) -> object:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("expected a list of names of layers")
    if len(set(map(repr, value))) < len(value):
        raise ValueError("expected each name once")
    return tuple(value)


Name = Annotated[str, BeforeValidator(_printable)]
OpName = Annotated[str, _name_in(OPS)]
GateName = Annotated[str, _name_in(GATE_KINDS)]
PositiveSize = Annotated[int, Field(ge=1, le=_LARGEST_SIZE)]
Margin = Annotated[int, Field(ge=0, le=_LARGEST_SIZE)]
Bits = Annotated[int, Field(ge=1, le=16)]
AxisSizes = Annotated[tuple[PositiveSize, ...], BeforeValidator(_sizes)]
Ones = Annotated[tuple[PositiveSize, ...], BeforeValidator(_sizes_or_ones)]
Margins = Annotated[tuple[Margin, ...], BeforeValidator(_margins)]
Inputs = Annotated[tuple[Name, ...], BeforeValidator(_distinct)]
