"""`full`: the same network ungated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.schemes.passes import Passes
from pgsim.schemes.scheme import Scheme, whole_pass
from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class Full(Scheme):
    """Every output at the layer's own bits, in one pass."""

    example = "full"
    networks = ("full",)
    signatures: ClassVar[Mapping[str, str]] = {
        "full": "Every output at the layer's own bits: the same network ungated"
    }

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass."""
        return (whole_pass(layer),)
