"""`inner:A,W`: the network with other bits inside, its wide first and last layers as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.errors import InputError
from pgsim.schemes.passes import WIDEST_BITS, Pass, Passes, whole
from pgsim.schemes.scheme import Scheme, whole_pass
from pgsim.schemes.uniform import USUAL_BITS
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class Inner(Scheme):
    """Layers of fewer than 8 bits at these bits, ungated; wider ones at their own."""

    activation_bits: int
    weight_bits: int

    example = "inner:4,8"
    signatures: ClassVar[Mapping[str, str]] = {
        "inner:A,W": "Layers of fewer than 8 bits at A and W bits, others at their own"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"inner:{self.activation_bits},{self.weight_bits}"

    @property
    def networks(self) -> tuple[str, ...]:
        """The network that was trained with these bits inside."""
        weights = "" if self.weight_bits == USUAL_BITS else f"_{self.weight_bits}"
        return (f"uniform_{self.activation_bits}{weights}",)

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``inner:A,W``, 1 to 16 bits each."""
        found = re.fullmatch(r"inner:(\d+),(\d+)", name)
        if found is None:
            return None
        activation, weight = (int(bits) for bits in found.groups())
        if not all(1 <= bits <= WIDEST_BITS for bits in (activation, weight)):
            raise InputError(f"scheme {name!r}: expected 1 to {WIDEST_BITS} bits")
        return cls(activation, weight)

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass."""
        if layer.shape.activation_bits >= USUAL_BITS:
            return (whole_pass(layer),)
        return (Pass(whole(self.activation_bits), whole(self.weight_bits)),)
