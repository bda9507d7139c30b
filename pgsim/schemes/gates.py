"""Gates: which outputs a pass computes, or which inputs it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pgsim.workload import LayerTrace
from pgsim.workload.gates import GATED_INPUTS, GATED_OUTPUTS, GateKind


@dataclass(frozen=True)
class Gate:
    """A mask that steers a pass; `mask` is the layer that it was captured from.

    waits_for_sums: whether the layer's own sums decide, so that the mask is known only then; else
    it is known before the layer begins.
    """

    mask: LayerTrace

    waits_for_sums: ClassVar[bool]

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return why the gate cannot steer a pass of this layer, or None."""
        raise NotImplementedError


@dataclass(frozen=True)
class OwnGate(Gate):
    """The gate of a layer that has a mask of that kind."""

    kind: ClassVar[GateKind]

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return why not: a column's gate decides with the mask of its own layer (M19)."""
        if self.mask is not layer:
            return "is gated by the mask of another layer"
        if layer.shape.gate_kind is not self.kind:
            return f"is gated by {self.kind.name}s, and the layer has gate {layer.shape.gate!r}"
        return None


@dataclass(frozen=True)
class OutputGate(OwnGate):
    """One bit per output: the pass computes the outputs whose bit is 1 (Precision Gating)."""

    kind = GATED_OUTPUTS
    waits_for_sums = True


@dataclass(frozen=True)
class InputGate(OwnGate):
    """One bit per input pixel: the pass takes the pixels whose bit is 1 (M52)."""

    kind = GATED_INPUTS
    waits_for_sums = False


GATES: dict[GateKind, type[OwnGate]] = {each.kind: each for each in (OutputGate, InputGate)}


def gate_of(layer: LayerTrace) -> Gate | None:
    """Return the gate that a layer has a mask for, None where it has no mask."""
    kind = GATES.get(layer.shape.gate_kind)
    return None if kind is None else kind(layer)
