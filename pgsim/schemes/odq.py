"""`odq:A,W`: prediction from the MSBs of both operands, the other products under the mask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.schemes.gates import gate_of
from pgsim.schemes.operands import ACTIVATIONS, WEIGHTS
from pgsim.schemes.passes import Pass, Passes
from pgsim.schemes.scheme import Scheme, cut_at, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class OutputDirected(Scheme):
    """The upper bits of both operands, then the other three products of what the mask chooses.

    With gated outputs it is output-directed dynamic quantization (ODQ; ICPP 2023), with gated
    inputs dynamic region-based quantization (DRQ; Song et al., ISCA 2020).
    """

    activation_bits: int
    weight_bits: int

    example = "odq:2,2"
    signatures: ClassVar[Mapping[str, str]] = {
        "odq:A,W": "Upper A by upper W bits, then the other products where the mask is 1"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"odq:{self.activation_bits},{self.weight_bits}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``odq:A,W``."""
        found = re.fullmatch(r"odq:(\d+),(\d+)", name)
        return None if found is None else cls(*map(int, found.groups()))

    def passes(self, layer: LayerTrace) -> Passes:
        """Return four passes of a layer with a gate, else one of all bits."""
        gate = gate_of(layer)
        if gate is None:
            return (whole_pass(layer),)
        upper, lower = cut_at(layer, self.name, ACTIVATIONS, self.activation_bits)
        strong, weak = cut_at(layer, self.name, WEIGHTS, self.weight_bits)
        later = ((upper, weak), (lower, strong), (lower, weak))
        return (Pass(upper, strong), *(Pass(*planes, gate) for planes in later))
