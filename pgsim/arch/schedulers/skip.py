"""`skip`: the slots with an active lane."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.lanes import Counts
from pgsim.arch.schedulers.scheduler import Issued, MaskTiles, Scheduler, even_shortfalls


@dataclass(frozen=True)
class Skip(Scheduler):
    """Drops slots that have nothing to do."""

    name = "skip"
    description = "slots with an active lane are issued, the others dropped"
    keeps_slots_apart = True

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return the active slots, each a vector."""
        active = tiles.active_slots
        return Issued(active, active, even_shortfalls(active, rates))
