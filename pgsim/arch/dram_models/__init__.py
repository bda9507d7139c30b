"""Models of DRAM in time: what a transfer takes beside its bytes, one file a kind (MODEL.md M44).

`DRAM_MODELS` has them by their names in design files, subclasses of `DRAMModel`.

Examples
--------
>>> DRAM_MODELS["pages"].description
'a stream opens the pages that it crosses, and refresh takes its share of the time'
"""

from pgsim.arch.dram_models.bandwidth import Bandwidth
from pgsim.arch.dram_models.dram_model import DRAMModel
from pgsim.arch.dram_models.ideal import Ideal
from pgsim.arch.dram_models.pages import Pages
from pgsim.kinds import by_name

__all__ = ["DRAM_MODELS", "DRAMModel"]

DRAM_MODELS: dict[str, type[DRAMModel]] = by_name((Bandwidth, Pages, Ideal))
