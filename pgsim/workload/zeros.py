"""What fraction of a layer's operands was zero, in each plane of their bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Operand = Literal["activation", "weight"]


class PlaneZeros(NamedTuple):
    """A plane, `bits` of an operand from bit `low` on, and what fraction of it was zero."""

    low: Annotated[int, Field(ge=0)]
    bits: Annotated[int, Field(ge=1)]
    fraction: Annotated[float, Field(ge=0, le=1)]


def _planes(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of planes, each [lowest bit, bits, fraction of zeros]")
    for each in value:
        if not isinstance(each, list | tuple) or len(each) != len(PlaneZeros._fields):
            raise ValueError("expected a plane [lowest bit, bits, fraction of zeros]")
    return tuple(map(tuple, value))


Planes = Annotated[tuple[PlaneZeros, ...], BeforeValidator(_planes)]


class Zeros(BaseModel):
    """Fractions of zeros of a layer's inputs and weights, as its manifest has them.

    A plane is zero where all its bits are. Padding is no input: it is not counted.

    Parameters
    ----------
    activation, weight : lists of planes
        Each [lowest bit, bits, fraction]; those that were not measured are not there.

    Examples
    --------
    >>> zeros = Zeros(activation=[[0, 4, 0.5], [2, 2, 0.75]], weight=[])
    >>> zeros.fraction("activation", 2, 2), zeros.fraction("activation", 0, 2)
    (0.75, None)
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    activation: Planes = ()
    weight: Planes = ()

    def check(self, *, activation_bits: int, weight_bits: int) -> None:
        """Raise ValueError where a plane is there twice, or has bits that its operand has not."""
        for operand, planes, width in (
            ("activation", self.activation, activation_bits),
            ("weight", self.weight, weight_bits),
        ):
            seen: set[tuple[int, int]] = set()
            for low, bits, _ in planes:
                where = f"zeros of {operand}: plane of {bits} bits from bit {low} on"
                if low + bits > width:
                    raise ValueError(f"{where}: an operand has {width} bits")
                if (low, bits) in seen:
                    raise ValueError(f"{where} is there twice")
                seen.add((low, bits))

    def fraction(self, operand: Operand, low: int, bits: int) -> float | None:
        """Return what fraction of a plane was zero, None where it was not measured."""
        planes: tuple[PlaneZeros, ...] = getattr(self, operand)
        return next((each.fraction for each in planes if each[:2] == (low, bits)), None)


def joined_zeros(parts: Sequence[Zeros | None], inputs: Sequence[int]) -> Zeros | None:
    """Return the fractions over all images of parts that have so many inputs each.

    None where one was not measured; weights are the same in all. Zeros of each part are whole
    numbers, so that the same images give the same fractions however they are parted.

    Examples
    --------
    >>> halves = [Zeros(activation=[[0, 4, fraction]]) for fraction in (0.5, 0.25)]
    >>> joined_zeros(halves, [4, 12]).fraction("activation", 0, 4)
    0.3125
    """
    measured = [part for part in parts if part]
    if len(measured) < len(parts):
        return None
    planes = zip(*(part.activation for part in measured), strict=True)
    activation = tuple(_joined_plane(each, inputs) for each in planes)
    return Zeros(activation=activation, weight=measured[0].weight)


def _joined_plane(parts: Sequence[PlaneZeros], inputs: Sequence[int]) -> PlaneZeros:
    zeros = sum(round(part.fraction * count) for part, count in zip(parts, inputs, strict=True))
    return parts[0]._replace(fraction=zeros / sum(inputs))
