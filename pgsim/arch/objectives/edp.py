"""`edp`: the least energy times time."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class EnergyDelay(Objective):
    """The least energy times time."""

    name = "edp"
    description = "energy times time"
    needs_energy = True

    def value(self, cycles: int, dram_bursts: int, energy_pj: float) -> float:
        """Return the energy times time."""
        return cycles * energy_pj
