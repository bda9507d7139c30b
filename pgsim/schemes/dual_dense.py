"""`dual_dense`: both passes of Precision Gating, without a gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.schemes.gates import gate_of
from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class DualDense(Scheme):
    """The MSBs, then the LSBs, of every output of a layer that `pg` would gate."""

    example = "dual_dense"
    networks = ("full",)
    signatures: ClassVar[Mapping[str, str]] = {
        "dual_dense": "MSBs, then LSBs, of every output: two passes, nothing skipped"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return two dense passes of a layer with a gate, else one of all bits."""
        return (whole_pass(layer),) if gate_of(layer) is None else split(layer)
