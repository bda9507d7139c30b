"""Designs for other tools, one file a format.

`EXPORTERS` has them by name, `Exporter` objects.

Examples
--------
>>> EXPORTERS["timeloop"].description
"Accelergy's ERT.yaml and ART.yaml, which Timeloop reads"
"""

from pgsim.cost.exporters.exporter import Exporter
from pgsim.cost.exporters.exporting import EXPORTERS, export_arch

__all__ = ["EXPORTERS", "Exporter", "export_arch"]
