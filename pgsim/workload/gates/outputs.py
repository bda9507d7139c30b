"""`output`: each output has a bit of mask, as in Precision Gating."""

from __future__ import annotations

from pgsim.workload.gates.gate_kind import GateKind


class Outputs(GateKind):
    """Each output is computed with all bits, or only with the most significant ones."""

    name = "output"
    description = "each output is computed with all bits, or only with the most significant ones"
    gates_outputs = True
    opened = "this output gets its LSB pass"
