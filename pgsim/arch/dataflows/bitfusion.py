"""`bitfusion`: the array of Bit Fusion (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from pgsim.arch.dataflows.all_weights_stationary import AllWeightsStationary
from pgsim.arch.dataflows.dataflow import Beat, Dataflow, Rate
from pgsim.workload import LayerShape


class BitFusion(AllWeightsStationary):
    """As `ws`, but that rows hold input channels of one kernel tap, and PEs all folds' weights."""

    name = "bitfusion"
    description = "Bit Fusion's: rows take input channels of one kernel tap"

    @property
    def by_im2col(self) -> Dataflow:
        """The same array where rows hold the elements of a reduction one after the other."""
        return AllWeightsStationary()

    def pe_steps(self, shape: LayerShape, macs: int) -> int:
        """Return the steps: none holds input channels of two kernel taps."""
        return shape.taps * -(-shape.in_channels_per_group // macs)

    def beat(self, shape: LayerShape, rows: int, rate: Rate) -> Beat:
        """Return a beat of one slot; the reduction is cut tap by tap."""
        own = super().beat(shape, rows, rate)
        return Beat(own.slots, own.cycles, shape.taps, own.fold_elements, own.is_fold)
