"""`raster`: channels become lanes as they lie in the layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pgsim.arch.lane_orders.lane_order import LaneOrder
from pgsim.arch.lanes import Counts


class Raster(LaneOrder):
    """No mask is looked at."""

    name = "raster"
    description = "channels become lanes in the order of the layer"

    def ordered(self, rows: Counts, density: Callable[[], npt.NDArray[np.float64]]) -> Counts:
        """Return the rows."""
        return rows
