"""`inner:A,W`: the network with other bits inside, its wide first and last layers as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.schemes.passes import Pass, Passes, whole
from pgsim.schemes.scheme import Scheme, numbers_in, whole_pass
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
        bits = numbers_in(name, "inner", (2,))
        return None if bits is None else cls(*bits)

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass."""
        if layer.shape.activation_bits >= USUAL_BITS:
            return (whole_pass(layer),)
        return (Pass(whole(self.activation_bits), whole(self.weight_bits)),)

    def weight_bits_of(self, layer: LayerTrace) -> int:
        """Return the bits that are asked for, of a wide layer its own."""
        wide = layer.shape.activation_bits >= USUAL_BITS
        return layer.shape.weight_bits if wide else self.weight_bits
