"""What every scheme is: the rule that turns a layer into its passes (MODEL.md M3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pgsim.errors import InputError
from pgsim.schemes.passes import Pass, Passes, Plane, whole
from pgsim.workload import LayerTrace


class Scheme:
    """A rule from a layer to its passes.

    signatures: how the scheme is written, with what it does, a line each; A and W stand for bits.
    example: one name that is a scheme of this kind.
    """

    signatures: ClassVar[Mapping[str, str]] = {}
    example: ClassVar[str]

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for, and which tables show."""
        return self.example

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme that a name stands for, or None if it is not one of this kind.

        Raises InputError for a name of this kind whose numbers no operand has.
        """
        return cls() if name == cls.example else None

    def passes(self, layer: LayerTrace) -> Passes:
        """Return the layer's passes, first to last.

        Raises InputError where the layer's gate or bits do not allow this scheme.
        """
        raise NotImplementedError


def whole_pass(layer: LayerTrace) -> Pass:
    """Return the pass over all bits of both operands of a layer."""
    return Pass(whole(layer.shape.activation_bits), whole(layer.shape.weight_bits))


def split(layer: LayerTrace, scheme: str) -> tuple[Pass, Pass]:
    """Return the dense passes over the MSBs and over the LSBs of a layer with gated outputs.

    Raises InputError for a layer that gates its inputs.
    """
    shape = layer.shape
    if shape.gate == "input":
        raise InputError(
            f"layer {shape.name!r} gates its inputs, and scheme {scheme!r} needs gated outputs; "
            "full, uniform:A,W and planes:A,A take such a layer"
        )
    weights = whole(shape.weight_bits)
    msbs, lsbs = Plane(shape.lsb_bits, shape.msb_bits), Plane(0, shape.lsb_bits)
    return Pass(msbs, weights), Pass(lsbs, weights)
