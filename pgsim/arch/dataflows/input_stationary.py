"""`is`: the PEs hold activations."""

from __future__ import annotations

from pgsim.arch.dataflows.operand_stationary import OperandStationary


class InputStationary(OperandStationary):
    """Columns are positions, rows hold their activations, and channels stream by."""

    name = "is"
    description = "input stationary: the PEs hold activations, and channels stream by"
    lanes = ("positions",)
