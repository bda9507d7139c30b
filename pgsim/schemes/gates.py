"""Gates: which outputs a pass computes, or which inputs it takes."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.workload import LayerTrace


@dataclass(frozen=True)
class Gate:
    """A mask that steers a pass; `mask` is the layer that it was captured from."""

    mask: LayerTrace

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return why the gate cannot steer a pass of this layer, or None."""
        raise NotImplementedError


@dataclass(frozen=True)
class OutputGate(Gate):
    """One bit per output: the pass computes the outputs whose bit is 1 (Precision Gating)."""

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return why not: a column's gate decides with the mask of its own layer (M19)."""
        if self.mask is not layer:
            return "is gated by the mask of another layer"
        if not layer.shape.gated:
            return f"is gated by outputs, and the layer has gate {layer.shape.gate!r}"
        return None


@dataclass(frozen=True)
class InputGate(Gate):
    """One bit per input pixel: the pass takes the pixels whose bit is 1."""

    def refusal(self, layer: LayerTrace) -> str | None:
        """Return that no dataflow here streams a part of its inputs."""
        return "is gated by inputs, and every dataflow here streams all of them"
