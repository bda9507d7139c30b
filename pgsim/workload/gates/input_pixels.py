"""`input`: each input pixel has a bit of mask, which all channels share (MODEL.md M52)."""

from __future__ import annotations

from pgsim.workload.gates.gate_kind import GateKind, Of


class InputPixels(GateKind):
    """Each input pixel has all of its bits, or only the most significant ones."""

    name = "input"
    description = "each input pixel has all of its bits, or only the most significant ones"
    gates_inputs = True
    opened = "this input pixel has its LSBs"

    def masks(self, inputs: Of, outputs: Of) -> Of:
        """Return the inputs."""
        return inputs

    def mask_channels(self, out_channels: int) -> int:
        """Return the one that all channels share."""
        return 1
