"""`dram`: the least bytes that cross the DRAM interface."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class DRAMTraffic(Objective):
    """The least bytes that cross the DRAM interface."""

    name = "dram"
    description = "bytes that cross the DRAM interface"
    powers = (0, 1, 0)
    unit = "bursts"
