"""`density`: channels whose masks are as dense become lanes side by side (MODEL.md M7)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pgsim.arch.lane_orders.lane_order import LaneOrder
from pgsim.arch.lanes import Counts


class Density(LaneOrder):
    """The densest channels of a group come first, those of one density by index."""

    name = "density"
    description = "channels of a group are sorted by the density of their masks, the densest first"
    by_density = True

    def ordered(self, rows: Counts, density: Callable[[], npt.NDArray[np.float64]]) -> Counts:
        """Return the rows, sorted group by group."""
        order = np.argsort(-density(), axis=1, kind="stable")
        return np.take_along_axis(rows.reshape(order.shape), order, axis=1).reshape(-1)
