"""Designs from other simulators' files, one file a format.

`IMPORTERS` has them by name, `Importer` objects.

Examples
--------
>>> IMPORTERS["bitfusion"].description
"Bit Fusion's conf.ini"
"""

from pgsim.arch.importers.importer import Importer
from pgsim.arch.importers.importing import import_arch
from pgsim.arch.importers.kinds import IMPORTERS

__all__ = ["IMPORTERS", "Importer", "import_arch"]
