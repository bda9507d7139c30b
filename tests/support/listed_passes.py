"""A scheme without a rule: the passes that a case of the stepped reference lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import reference

from pgsim.schemes import Pass, Passes, Plane, Scheme, gate_of
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class ListedPasses(Scheme):
    """Every layer in these passes, the gated ones under its own mask."""

    listed: tuple[reference.Pass, ...]

    example = "listed"

    def passes(self, layer: LayerTrace) -> Passes:
        gate = gate_of(layer)
        return tuple(
            Pass(
                Plane(each.activation.low, each.activation.bits),
                Plane(each.weight.low, each.weight.bits),
                gate if each.gated else None,
            )
            for each in self.listed
        )


def scheme_of(scheme: str | Sequence[reference.Pass]) -> str | Scheme:
    """A case's scheme as pgsim takes it: its name, or its passes."""
    return scheme if isinstance(scheme, str) else ListedPasses(tuple(scheme))
