"""`uniform:A,W` and `uniform:A`: every layer at the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.schemes.by_bits import ByBits
from pgsim.schemes.passes import Pass, Passes, whole
from pgsim.workload import LayerTrace

USUAL_BITS = 8  # of weights in the networks that manifests name by their activation bits alone


@dataclass(frozen=True)
class Uniform(ByBits):
    """Every layer, gated or not, at these bits; `weight_bits` None leaves each layer its own."""

    word = "uniform"
    example = "uniform:8,8"
    signatures: ClassVar[Mapping[str, str]] = {
        "uniform:A,W": "Every layer, gated or not, at A activation and W weight bits",
        "uniform:A": "Every layer, gated or not, at A activation bits and its own weight bits",
    }

    @property
    def networks(self) -> tuple[str, ...]:
        """A width of the trace's own network, else the network that was trained at these bits."""
        if self.weight_bits not in (None, USUAL_BITS):
            return (f"uniform_{self.activation_bits}_{self.weight_bits}",)
        return f"{self.activation_bits}_bits", f"uniform_{self.activation_bits}"

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass."""
        return (Pass(whole(self.activation_bits), whole(self.weight_bits_of(layer))),)

    def weight_bits_of(self, layer: LayerTrace) -> int:
        """Return the bits that are asked for, else the layer's own."""
        return self.weight_bits or layer.shape.weight_bits
