"""The recurrent product: a linear layer whose positions are time steps that wait for each other."""

from __future__ import annotations

from pgsim.workload.ops.column import Column
from pgsim.workload.ops.op import Shape, Sides
from pgsim.workload.ops.side import Side


class Recurrent(Column):
    """A matrix product with the state of each time step, which needs the step before it."""

    name = "recurrent"
    description = "a matrix product with the state of each time step, one step after the other"
    needed_fields = ("time_steps",)
    position = "time step"
    reads_own_state = True

    def runs_per_batch(self, shape: Shape) -> int:
        """Return the time steps: each is a run of its own."""
        return self.length(shape)

    def run_sides(self, shape: Shape) -> Sides:
        """Return one position: that of the time step."""
        return Side(), Side()
