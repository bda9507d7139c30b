"""`top:A,W` and `top:A`: one set of weights, of which the most significant bits are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pgsim.schemes.by_bits import ByBits
from pgsim.schemes.passes import Pass, Passes, whole
from pgsim.schemes.scheme import inner_layers, top, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class Top(ByBits):
    """Most significant bits of the inner layers' stored ones, ungated; all bits of the outer two.

    `weight_bits` None leaves weights whole. Dual Precision (Park et al., 2020), Switchable
    Precision (Guerra et al., 2020) and vertical layering (Wu et al., 2022) choose a precision so
    for each inference.
    """

    word = "top"
    example = "top:4,4"
    signatures: ClassVar[Mapping[str, str]] = {
        "top:A,W": "Most significant A activation and W weight bits, but in first and last layer",
        "top:A": "Most significant A activation bits, whole weights, likewise",
    }

    @property
    def networks(self) -> tuple[str, ...]:
        """One width of a network that was trained for several."""
        if self.weight_bits in (None, self.activation_bits):
            return (f"{self.activation_bits}_bits",)
        return ()

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass, over the most significant bits of an inner layer."""
        shape = layer.shape
        weights = whole(shape.weight_bits)
        if self.weight_bits is not None:
            weights = top(self.weight_bits, shape.weight_bits)
        return (Pass(top(self.activation_bits, shape.activation_bits), weights),)

    def network(self, layers: Sequence[LayerTrace]) -> Mapping[str, Passes]:
        """Return one pass for each layer; the first and the last take all of their bits."""
        whole_passes = {layer.shape.name: (whole_pass(layer),) for layer in layers}
        return {**whole_passes, **super().network(inner_layers(layers))}
