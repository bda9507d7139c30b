"""How a network's first layer runs, one file a kind (MODEL.md M47).

`FIRST_LAYERS` has them by their names in design files, `FirstLayer` objects.

Examples
--------
>>> FIRST_LAYERS["im2col"].description
"a network's first layer runs as a product of matrices"
"""

from pgsim.arch.first_layers.as_others import AsOthers
from pgsim.arch.first_layers.first_layer import FirstLayer
from pgsim.arch.first_layers.im2col import Im2col
from pgsim.kinds import by_name

__all__ = ["FIRST_LAYERS", "FirstLayer"]

FIRST_LAYERS: dict[str, FirstLayer] = by_name((AsOthers(), Im2col()))
