"""`dual_dense`: both passes of Precision Gating, without a gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


class DualDense(Scheme):
    """The MSBs, then the LSBs, of every output of a layer that Precision Gating would gate."""

    example = "dual_dense"
    networks = ("full",)
    signatures: ClassVar[Mapping[str, str]] = {
        "dual_dense": "MSBs, then LSBs, of every output: two passes, nothing skipped"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return two dense passes of a layer with gated outputs, else one of all bits."""
        both = split(layer, self.name)
        return both if layer.shape.gated else (whole_pass(layer),)
