"""Operands: the two things that a pass multiplies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pgsim.kinds import by_name
from pgsim.schemes.passes import Pass, Plane, union_bits
from pgsim.workload import LayerShape


class Operand:
    """One of the two operands of a layer; its buffer and columns bear its name."""

    name: ClassVar[str]

    def plane(self, of: Pass) -> Plane:
        """Return the plane of this operand that a pass takes."""
        raise NotImplementedError

    def bits(self, of: Pass) -> int:
        """Return the bits of the plane that a pass takes."""
        return self.plane(of).bits

    def width(self, shape: LayerShape) -> int:
        """Return the bits of an element as a layer has them."""
        raise NotImplementedError

    def stretch(self, shape: LayerShape) -> int:
        """Return the elements of a reduction that lie one after the other in a buffer (M43)."""
        raise NotImplementedError

    def stored_bits(self, passes: Iterable[Pass]) -> int:
        """Return the bits of an element that these passes use together (M23)."""
        return union_bits(self.plane(each) for each in passes)


class _Activations(Operand):
    name = "activation"

    def plane(self, of: Pass) -> Plane:
        return of.activation

    def width(self, shape: LayerShape) -> int:
        return shape.activation_bits

    def stretch(self, shape: LayerShape) -> int:
        return shape.in_channels_per_group


class _Weights(Operand):
    name = "weight"

    def plane(self, of: Pass) -> Plane:
        return of.weight

    def width(self, shape: LayerShape) -> int:
        return shape.weight_bits

    def stretch(self, shape: LayerShape) -> int:
        return shape.reduction


ACTIVATIONS: Operand = _Activations()
WEIGHTS: Operand = _Weights()
OPERANDS = by_name((ACTIVATIONS, WEIGHTS))
