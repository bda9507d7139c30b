"""`pg`: Precision Gating (Zhang et al., ICLR 2020), and its like of input pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from pgsim.schemes.gates import gate_of
from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class PrecisionGating(Scheme):
    """The MSBs of every output, then the LSBs of those outputs, or inputs, whose gate is open."""

    example = "pg"
    networks = ("pg", "regions")
    signatures: ClassVar[Mapping[str, str]] = {
        "pg": "MSBs, then LSBs of the outputs, or input pixels, whose mask bit is 1"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return two passes of a layer with a gate, else one of all bits."""
        gate = gate_of(layer)
        if gate is None:
            return (whole_pass(layer),)
        msb, lsb = split(layer)
        return (msb, replace(lsb, gate=gate))
