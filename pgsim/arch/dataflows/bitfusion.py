"""`bitfusion`: the array of Bit Fusion (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from dataclasses import replace

from pgsim.arch.dataflows.dataflow import Beat, Rate
from pgsim.arch.dataflows.operand_stationary import OperandStationary
from pgsim.workload import LayerShape


class BitFusion(OperandStationary):
    """As `ws`, but that rows hold input channels of one kernel tap, and PEs all folds' weights."""

    name = "bitfusion"
    description = "Bit Fusion's: rows take input channels of one kernel tap"
    lanes = ("channels",)

    def pe_steps(self, shape: LayerShape, macs: int) -> int:
        """Return the steps: none holds input channels of two kernel taps."""
        return _taps(shape) * -(-shape.in_channels_per_group // macs)

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the skew: no PE waits for weights."""
        return self.skew_cycles(rows, columns)

    def bus_cycles(self, rows: int) -> int:
        """Return 0: the PEs hold the weights of all folds."""
        return 0

    def beat(self, shape: LayerShape, rows: int, rate: Rate) -> Beat:
        """Return a beat of one slot; the reduction is cut tap by tap."""
        return replace(super().beat(shape, rows, rate), taps=_taps(shape))


def _taps(shape: LayerShape) -> int:
    return shape.kernel[0] * shape.kernel[1]
