"""`as_others`: the first layer is a layer as any other."""

from __future__ import annotations

from pgsim.arch.dataflows import Dataflow
from pgsim.arch.first_layers.first_layer import FirstLayer


class AsOthers(FirstLayer):
    """The first layer is no exception."""

    name = "as_others"
    description = "a network's first layer runs as all others do"

    def flow(self, of_others: Dataflow) -> Dataflow:
        """Return the dataflow of all others."""
        return of_others
