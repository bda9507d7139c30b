"""The formats of other simulators, by name."""

from __future__ import annotations

from pgsim.arch.importers.bitfusion import BitFusionFile
from pgsim.arch.importers.importer import Importer
from pgsim.arch.importers.scalesim import ScaleSimFile
from pgsim.kinds import by_name

IMPORTERS: dict[str, Importer] = by_name((ScaleSimFile(), BitFusionFile()))
