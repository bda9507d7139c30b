"""Formats of others that list layers, one file a format, and the list of them.

`IMPORTERS` has them by name, in the order in which a file is asked whether it is of them.
"""

from __future__ import annotations

from pgsim.kinds import by_name
from pgsim.workload.importers.importer import Importer
from pgsim.workload.importers.layer_lists import LayerLists
from pgsim.workload.importers.layer_table import LayerTable
from pgsim.workload.importers.onnx_models import OnnxModels
from pgsim.workload.importers.scale_sim import ScaleSim, ScaleSimCeil
from pgsim.workload.importers.source import Row, Source, source_of

__all__ = ["IMPORTERS", "Importer", "Row", "Source", "source_of"]

IMPORTERS: dict[str, Importer] = by_name(
    (OnnxModels(), LayerTable(), ScaleSim(), ScaleSimCeil(), LayerLists())
)
