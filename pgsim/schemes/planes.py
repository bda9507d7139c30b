"""`planes:A,A,...` and `planes:A,A,.../W,W,...`: dense passes, plane by plane."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, product
from typing import ClassVar, Self

from pgsim.errors import InputError
from pgsim.schemes.passes import WIDEST_BITS, Pass, Passes, Plane
from pgsim.schemes.scheme import Scheme, whole_pass
from pgsim.workload import LayerTrace

Bits = tuple[int, ...]


@dataclass(frozen=True)
class Planes(Scheme):
    """A pass for every plane of so many activation bits, most significant first.

    With planes of weights too, a pass for every pair of an activation and a weight plane,
    activation planes outermost. No pass is gated. A layer that has other bits makes one pass, or,
    if it is gated, is refused: it was meant to be split.
    """

    activation_bits: Bits
    weight_bits: Bits = ()

    example = "planes:2,2"
    networks = ("full",)
    signatures: ClassVar[Mapping[str, str]] = {
        "planes:A,A,...": "Dense planes of A activation bits, most significant first",
        "planes:A,A,.../W,W,...": "Dense planes of A activation bits by planes of W weight bits",
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        both = (self.activation_bits, self.weight_bits) if self.weight_bits else ()
        texts = (",".join(map(str, bits)) for bits in both or (self.activation_bits,))
        return f"planes:{'/'.join(texts)}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of a name; the planes of an operand have 1 to 16 bits together."""
        found = re.fullmatch(r"planes:(\d+(?:,\d+)*)(?:/(\d+(?:,\d+)*))?", name)
        if found is None:
            return None
        planes = [tuple(map(int, text.split(","))) if text else () for text in found.groups()]
        if any(0 in bits or sum(bits) > WIDEST_BITS for bits in planes):
            raise InputError(
                f"scheme {name!r}: expected planes of 1 bit or more, at most {WIDEST_BITS} bits "
                "together"
            )
        return cls(*planes)

    def passes(self, layer: LayerTrace) -> Passes:
        """Return a pass for every plane, or pair of planes, if the layer has as many bits."""
        shape = layer.shape
        weight_bits = self.weight_bits or (shape.weight_bits,)
        own = (shape.activation_bits, shape.weight_bits)
        asked = (sum(self.activation_bits), sum(weight_bits))
        if own == asked:
            pairs = product(_planes(self.activation_bits), _planes(weight_bits))
            return tuple(Pass(activation, weight) for activation, weight in pairs)
        if not shape.masked:
            return (whole_pass(layer),)
        raise InputError(
            f"layer {shape.name!r} has {own[0]} activation and {own[1]} weight bits, and scheme "
            f"{self.name!r} has planes of {asked[0]} and {asked[1]} together"
        )


def _planes(bits: Bits) -> list[Plane]:
    """Return planes of so many bits, the first one most significant."""
    tops = accumulate(bits)
    return [Plane(sum(bits) - top, own) for top, own in zip(tops, bits, strict=True)]
