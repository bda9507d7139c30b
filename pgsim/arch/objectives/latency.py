"""`latency`: the least cycles."""

from __future__ import annotations

from pgsim.arch.objectives.objective import Objective


class Latency(Objective):
    """The least cycles."""

    name = "latency"
    description = "cycles"
    powers = (1, 0, 0)
    unit = "cycles"
