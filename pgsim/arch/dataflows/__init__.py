"""Dataflows: what moves through the array and what stays in it, one file a kind (MODEL.md M10).

`DATAFLOWS` has them by their names in design files, `Dataflow` objects.

Examples
--------
>>> DATAFLOWS["ws"].description
'weight stationary: the PEs hold weights, and positions stream by'
"""

from pgsim.arch.dataflows.bitfusion import BitFusion
from pgsim.arch.dataflows.dataflow import Beat, Dataflow, Fabric, Rate
from pgsim.arch.dataflows.input_stationary import InputStationary
from pgsim.arch.dataflows.output_stationary import OutputStationary
from pgsim.arch.dataflows.row_stationary import RowStationary
from pgsim.arch.dataflows.weight_stationary import WeightStationary
from pgsim.kinds import by_name

__all__ = ["DATAFLOWS", "Beat", "Dataflow", "Fabric", "Rate"]

DATAFLOWS: dict[str, Dataflow] = by_name(
    (
        OutputStationary(),
        WeightStationary(),
        InputStationary(),
        BitFusion(),
        RowStationary(),
    )
)
