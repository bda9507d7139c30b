"""What every order of lanes is (MODEL.md M7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts


class LaneOrder:
    """In which order the channels of a group become lanes.

    by_density: whether it asks how dense the channels' masks are, which calibration images tell.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    by_density: ClassVar[bool] = False

    def ordered(self, rows: Counts, density: Callable[[], npt.NDArray[np.float64]]) -> Counts:
        """Return the rows of a mask in the order of the lanes that take them, int64 (lanes,).

        rows: int64 (lanes,), as they lie in the layer. density: finds how dense the mask of each
        channel is, float64 (groups, channels of a group), where lanes are channels.
        """
        raise NotImplementedError
