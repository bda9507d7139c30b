"""`edp`: the least energy times time."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class EnergyDelay(Objective):
    """The least energy times time."""

    name = "edp"
    description = "energy times time"
    powers = (1, 0, 1)
    unit = "pJ cycles"
