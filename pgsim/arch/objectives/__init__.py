"""Objectives: what a search for loop nests makes least, one file a kind (MODEL.md M41).

`OBJECTIVES` has them by their names in design files, `Objective` objects.

Examples
--------
>>> OBJECTIVES["edp"].description
'energy times time'
"""

from pgsim.arch.objectives.dram import DRAMTraffic
from pgsim.arch.objectives.edp import EnergyDelay
from pgsim.arch.objectives.energy import Energy
from pgsim.arch.objectives.latency import Latency
from pgsim.arch.objectives.objective import Objective
from pgsim.kinds import by_name

__all__ = ["OBJECTIVES", "Objective"]

OBJECTIVES: dict[str, Objective] = by_name((Latency(), Energy(), EnergyDelay(), DRAMTraffic()))
