"""`steady`: all steps of a pass take as long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgsim.arch.speeds.speed import Speed
from pgsim.schemes import Passes

if TYPE_CHECKING:
    from pgsim.arch.dataflows import Dataflow
    from pgsim.arch.pes import PEKind


class Steady(Speed):
    """Each pass is a sweep of its own."""

    name = "steady"
    description = "all steps of a pass take as long"

    def taken(self, passes: Passes, pe: PEKind, flow: Dataflow) -> Passes:
        """Return the passes."""
        return passes
