"""`energy`: the least energy."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class Energy(Objective):
    """The least energy."""

    name = "energy"
    description = "energy"
    needs_energy = True

    def value(self, cycles: int, dram_bursts: int, energy_pj: float) -> float:
        """Return the energy."""
        return energy_pj
