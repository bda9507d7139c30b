"""`energy`: the least energy."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class Energy(Objective):
    """The least energy."""

    name = "energy"
    description = "energy"
    powers = (0, 0, 1)
    unit = "pJ"
