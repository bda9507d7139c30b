"""`dram`: the least bytes that cross the DRAM interface."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class DRAMTraffic(Objective):
    """The least bytes that cross the DRAM interface."""

    name = "dram"
    description = "bytes that cross the DRAM interface"

    def value(self, cycles: int, dram_bursts: int, energy_pj: float) -> float:
        """Return the bytes that cross the DRAM interface."""
        return dram_bursts
