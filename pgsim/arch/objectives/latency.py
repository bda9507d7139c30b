"""`latency`: the least cycles."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class Latency(Objective):
    """The least cycles."""

    name = "latency"
    description = "cycles"

    def value(self, cycles: int, dram_bursts: int, energy_pj: float) -> float:
        """Return the cycles."""
        return cycles
