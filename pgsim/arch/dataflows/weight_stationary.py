"""`ws`: the PEs hold weights."""

from __future__ import annotations

from pgsim.arch.dataflows.operand_stationary import OperandStationary


class WeightStationary(OperandStationary):
    """Columns are channels, rows hold their weights, and positions stream by."""

    name = "ws"
    description = "weight stationary: the PEs hold weights, and positions stream by"
    lanes = ("channels",)
