"""`im2col`: the first layer is a product of matrices (MODEL.md M47)."""

from __future__ import annotations

from pgsim.arch.dataflows import Dataflow
from pgsim.arch.first_layers.first_layer import FirstLayer


class Im2col(FirstLayer):
    """The pixels under a kernel lie side by side, as if they were input channels."""

    name = "im2col"
    description = "a network's first layer runs as a product of matrices"

    def flow(self, of_others: Dataflow) -> Dataflow:
        """Return what the dataflow makes of a layer whose taps are input channels."""
        return of_others.by_im2col
