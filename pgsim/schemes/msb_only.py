"""`msb_only`: the first pass of Precision Gating, and nothing after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


class MSBOnly(Scheme):
    """The MSBs of every output of a layer that Precision Gating would gate."""

    example = "msb_only"
    networks = ("msb_only",)
    signatures: ClassVar[Mapping[str, str]] = {
        "msb_only": "MSBs of every output: the floor (accuracy is lost)"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass: of the MSBs of a layer with gated outputs, else of all bits."""
        msb, _ = split(layer, self.name)
        return (msb if layer.shape.gated else whole_pass(layer),)
