"""`pg`: Precision Gating (Zhang et al., ICLR 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from pgsim.schemes.gates import OutputGate
from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


class PrecisionGating(Scheme):
    """The MSBs of every output, then the LSBs of those whose gate is open."""

    example = "pg"
    networks = ("pg",)
    signatures: ClassVar[Mapping[str, str]] = {
        "pg": "MSBs of every output, then LSBs where the gate mask is 1"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return two passes of a layer with gated outputs, else one of all bits."""
        msb, lsb = split(layer, self.name)
        if not layer.shape.gated:
            return (whole_pass(layer),)
        return (msb, replace(lsb, gate=OutputGate(layer)))
