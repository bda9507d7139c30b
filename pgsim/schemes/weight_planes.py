"""`weight_planes:N`: weights bit plane by bit plane (PrecisionBatching, Lam et al., 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.schemes.passes import WIDEST_BITS, Pass, Passes, Plane, whole
from pgsim.schemes.scheme import Scheme, numbers_in, zero_weight_planes
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class WeightPlanes(Scheme):
    """A pass for each of the weights' most significant bit planes, over whole activations.

    How many planes there are is chosen when the network runs: fewer are faster, and worse. A plane
    that is zero in all weights, as the trace's `zeros` have it, makes no pass.
    """

    planes: int

    example = "weight_planes:8"
    signatures: ClassVar[Mapping[str, str]] = {
        "weight_planes:N": "N most significant bit planes of weights, a pass each, none gated"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"weight_planes:{self.planes}"

    @property
    def networks(self) -> tuple[str, ...]:
        """The network itself, where all of its planes are taken: 16 are never too few."""
        return ("full",) if self.planes == WIDEST_BITS else ()

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``weight_planes:N``, of 1 to 16 planes."""
        planes = numbers_in(name, "weight_planes", (1,), of="planes")
        return None if planes is None else cls(*planes)

    def passes(self, layer: LayerTrace) -> Passes:
        """Return a pass for each plane that is not zero, the most significant first."""
        shape = layer.shape
        lowest = max(0, shape.weight_bits - self.planes)
        zeros, activations = zero_weight_planes(shape), whole(shape.activation_bits)
        lows = (low for low in reversed(range(lowest, shape.weight_bits)) if low not in zeros)
        return tuple(Pass(activations, Plane(low, 1)) for low in lows)

    def network(self, layers: Sequence[LayerTrace]) -> Mapping[str, Passes]:
        """Return the passes of the layers that have a plane that is not zero (M56)."""
        own = super().network(layers)
        return {name: passes for name, passes in own.items() if passes}
