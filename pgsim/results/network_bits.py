"""The bits of a network's layers, and the scheme that runs them all so (M3)."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.schemes import Scheme, scheme_named
from pgsim.schemes.inner import Inner
from pgsim.schemes.uniform import USUAL_BITS
from pgsim.workload import GateTrace, LayerShape


@dataclass(frozen=True)
class Bits:
    """Bits of activations by bits of weights, of a network's inner layers or of a PE."""

    activation: int
    weight: int

    @property
    def words(self) -> str:
        """As a row names a network: weights of 8 bits go without saying."""
        both = f"{self.activation}x{self.weight} bits"
        return f"{self.activation} bits" if self.weight == USUAL_BITS else both

    @property
    def scheme(self) -> Scheme:
        """What runs a network of these bits; every layer at 8, else the inner ones (M3)."""
        if self == EIGHT:
            return scheme_named("uniform:8,8")
        return Inner(self.activation, self.weight)


EIGHT = Bits(8, 8)


def own_bits(trace: GateTrace) -> Bits:
    """Return the bits of the trace's widest gated layer, or of its narrowest if none is gated."""
    gated = [_bits(layer.shape) for layer in trace.layers if layer.shards]
    return max(gated, key=_width) if gated else inner_bits(trace)


def inner_bits(trace: GateTrace) -> Bits:
    """Return the bits of the trace's narrowest layer."""
    return min((_bits(layer.shape) for layer in trace.layers), key=_width)


def _bits(shape: LayerShape) -> Bits:
    return Bits(shape.activation_bits, shape.weight_bits)


def _width(bits: Bits) -> tuple[int, int]:
    return bits.activation, bits.weight
