"""What a dataflow does whose PEs hold the weights of all folds, so that none ever waits for any."""

from __future__ import annotations

from pgsim.arch.dataflows.operand_stationary import OperandStationary


class AllWeightsStationary(OperandStationary):
    """As `ws`, but that a PE has a buffer of its own for the weights of all its folds."""

    name = "all_weights"
    description = "as weight stationary, without a load before a fold"
    lanes = ("channels",)

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the skew: no PE waits for weights."""
        return self.skew_cycles(rows, columns)

    def bus_cycles(self, rows: int) -> int:
        """Return 0: the PEs hold the weights of all folds."""
        return 0
