"""`seernet:A`: prediction at A bits, then all again at full width where the mask is 1."""

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
class SeerNet(Scheme):
    """The upper bits of both operands predict; what the mask chooses is computed from scratch.

    The work of the prediction is thrown away (Cao et al., CVPR 2019).
    """

    bits: int

    example = "seernet:4"
    signatures: ClassVar[Mapping[str, str]] = {
        "seernet:A": "Upper A bits of both operands, then all bits again where the mask is 1"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"seernet:{self.bits}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``seernet:A``."""
        found = re.fullmatch(r"seernet:(\d+)", name)
        return None if found is None else cls(int(found[1]))

    def passes(self, layer: LayerTrace) -> Passes:
        """Return two passes of a layer with a gate, else one of all bits."""
        gate, whole = gate_of(layer), whole_pass(layer)
        if gate is None:
            return (whole,)
        activations, _ = cut_at(layer, self.name, ACTIVATIONS, self.bits)
        weights, _ = cut_at(layer, self.name, WEIGHTS, self.bits)
        return (Pass(activations, weights), Pass(whole.activation, whole.weight, gate))
