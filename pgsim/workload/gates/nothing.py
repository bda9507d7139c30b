"""`none`: nothing has a mask, and all activations have all of their bits."""

from __future__ import annotations

from pgsim.workload.gates.gate_kind import GateKind


class Nothing(GateKind):
    """All is computed with all bits."""

    name = "none"
    description = "all is computed with all bits"
    masked = False
