"""Gates: which outputs a pass computes, or which inputs it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class Gate:
    """A mask that steers a pass; `mask` is the layer that it was captured from.

    kind: what manifests call it. waits_for_sums: whether the layer's own sums decide, so that the
    mask is known only then; else it is known before the layer begins.
    """

    mask: LayerTrace

    kind: ClassVar[str]
    waits_for_sums: ClassVar[bool]

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return why not: a column's gate decides with the mask of its own layer (M19)."""
        if self.mask is not layer:
            return "is gated by the mask of another layer"
        if layer.shape.gate != self.kind:
            return f"is gated by {self.kind}s, and the layer has gate {layer.shape.gate!r}"
        return None


@dataclass(frozen=True)
class OutputGate(Gate):
    """One bit per output: the pass computes the outputs whose bit is 1 (Precision Gating)."""

    kind = "output"
    waits_for_sums = True


@dataclass(frozen=True)
class InputGate(Gate):
    """One bit per input pixel: the pass takes the pixels whose bit is 1 (M52)."""

    kind = "input"
    waits_for_sums = False


GATES: dict[str, type[Gate]] = {each.kind: each for each in (OutputGate, InputGate)}


def gate_of(layer: LayerTrace) -> Gate | None:
    """Return the gate that a layer has a mask for, None where it has no mask."""
    kind = GATES.get(layer.shape.gate)
    return None if kind is None else kind(layer)
