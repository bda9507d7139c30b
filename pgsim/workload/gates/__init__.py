"""Kinds of gates: what of a layer has a bit of mask, one file a kind (MODEL.md M2, M52).

`GATE_KINDS` has them by their names in manifests, `GateKind` objects.

Examples
--------
>>> GATE_KINDS["input"].description
'each input pixel has all of its bits, or only the most significant ones'
"""

from pgsim.kinds import by_name
from pgsim.workload.gates.gate_kind import GateKind
from pgsim.workload.gates.input_pixels import InputPixels
from pgsim.workload.gates.nothing import Nothing
from pgsim.workload.gates.outputs import Outputs

__all__ = ["GATED_INPUTS", "GATED_OUTPUTS", "GATE_KINDS", "GateKind"]

GATED_OUTPUTS = Outputs()
GATED_INPUTS = InputPixels()
GATE_KINDS: dict[str, GateKind] = by_name((GATED_OUTPUTS, GATED_INPUTS, Nothing()))
