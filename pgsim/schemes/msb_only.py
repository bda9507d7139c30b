"""`msb_only`: the first pass of Precision Gating, and nothing after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.schemes.gates import gate_of
from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, split, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class MSBOnly(Scheme):
    """The MSBs of every output of a layer that `pg` would gate."""

    example = "msb_only"
    networks = ("msb_only",)
    signatures: ClassVar[Mapping[str, str]] = {
        "msb_only": "MSBs of every output: the floor (accuracy is lost)"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass: of the MSBs of a layer with a gate, else of all bits."""
        return (whole_pass(layer) if gate_of(layer) is None else split(layer)[0],)
