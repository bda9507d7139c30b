"""`table:FILE`: bits of each layer, from a file (static mixed precision, as BSQ finds it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.errors import InputError, nearest
from pgsim.schemes.passes import Pass, Passes, whole
from pgsim.schemes.precision_table import Precision, precisions_of
from pgsim.schemes.scheme import Scheme, whole_pass, zero_weight_planes
from pgsim.text import shortened
from pgsim.workload import LayerTrace

_PREFIX = "table:"


@dataclass(frozen=True)
class Table(Scheme):
    """Each layer at the bits that a table gives it, ungated; others at their own.

    A layer of no weight bits is skipped whole, and so are weight planes that are all zero.
    Source: MODEL.md M56; Yang et al., BSQ, ICLR 2021.
    """

    file: str
    precisions: tuple[Precision, ...]

    example = "table:stripes_alexnet"
    signatures: ClassVar[Mapping[str, str]] = {
        "table:FILE": "Bits of each layer from a table of layer, activation_bits, weight_bits"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"{_PREFIX}{self.file}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``table:FILE``, a path or the name of a shipped table."""
        file = name.removeprefix(_PREFIX)
        return None if file in ("", name) else cls(file, precisions_of(file))

    def passes(self, layer: LayerTrace) -> Passes:
        """Return a pass for each run of weight planes that are not zero; none for a layer of none.

        Such a layer is skipped: a design runs it in its network, not by itself.
        """
        shape = layer.shape
        for each in self.precisions:
            if each.layer == shape.name:
                # Zeros that a trace knows are those of weights of its own bits.
                own = each.weight_bits == shape.weight_bits
                planes = each.weight_planes(zero_weight_planes(shape) if own else frozenset())
                return tuple(Pass(whole(each.activation_bits), plane) for plane in planes)
        return (whole_pass(layer),)

    def weight_bits_of(self, layer: LayerTrace) -> int:
        """Return the bits that the table gives a layer, else its own."""
        given = {each.layer: each.weight_bits for each in self.precisions}
        return given.get(layer.shape.name, layer.shape.weight_bits)

    def network(self, layers: Sequence[LayerTrace]) -> Mapping[str, Passes]:
        """Return the passes of the layers that are not skipped.

        Raises InputError for all layers of the table that the network has not.
        """
        names = [layer.shape.name for layer in layers]
        unknown = [each.layer for each in self.precisions if each.layer not in names]
        if unknown:
            raise InputError(
                "\n".join(
                    f"scheme {self.name!r}: the network has no layer {shortened(name)!r}."
                    f"{nearest(name, names)}"
                    for name in unknown
                )
            )
        own = super().network(layers)
        return {name: passes for name, passes in own.items() if passes}
