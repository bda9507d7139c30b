"""The types of a layer's fields: what a manifest may say of one, and how it is refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo

from pgsim.workload.ops import OPS
from pgsim.workload.problems import unknown_name

_LARGEST_SIZE = 2**24  # of one dimension: far beyond any network, and small enough to multiply
_LONGEST_NAME = 256  # characters


def _pair(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected a pair [height, width]")
    return tuple(value)


def _margins(value: object) -> object:
    """Return margins as a layer keeps them: one number a side where both of its ends agree."""
    if not isinstance(value, list | tuple) or len(value) not in (2, 4):
        raise ValueError("expected [height, width], [top, bottom, left, right] or 'same'")
    if len(value) == 4 and value[0] == value[1] and value[2] == value[3]:
        return value[0], value[2]
    return tuple(value)


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


def _known_op(value: object) -> object:
    if not (isinstance(value, str) and value in OPS):
        raise unknown_name(OPS)
    return value


def _distinct(value: object) -> object:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("expected a list of names of layers")
    if len(set(map(repr, value))) < len(value):
        raise ValueError("expected each name once")
    return tuple(value)


Name = Annotated[str, BeforeValidator(_printable)]
OpName = Annotated[str, BeforeValidator(_known_op)]
PositiveSize = Annotated[int, Field(ge=1, le=_LARGEST_SIZE)]
Margin = Annotated[int, Field(ge=0, le=_LARGEST_SIZE)]
Bits = Annotated[int, Field(ge=1, le=16)]
SizePair = Annotated[tuple[PositiveSize, PositiveSize], BeforeValidator(_pair)]
Margins = Annotated[tuple[Margin, ...], BeforeValidator(_margins)]
Inputs = Annotated[tuple[Name, ...], BeforeValidator(_distinct)]
