"""Which row of a mask each lane takes (M7)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.mapping.blocks import BlockTiles
from pgsim.mapping.tiling import Tiling
from pgsim.workload import LayerTrace


def lane_rows(
    layer: LayerTrace, arch: ArchConfig, tiling: Tiling | BlockTiles, calibration: int
) -> Counts:
    """Return the row of each lane in lane-group order, int64 (lanes of a batch,).

    calibration: the number of first images on which `lane_order: density` measures each channel;
    it sorts the channels of each group, highest mean density first, ties by index (M7). Under a
    mask of input pixels all channels are alike.
    """
    rows: Counts = np.arange(tiling.batch_lanes, dtype=np.int64)
    if tiling.order is not None:
        rows = tiling.lanes.lanes_in(rows, tiling.order)
    if not layer.shape.gated:
        return rows
    return arch.lsb.order.ordered(
        rows, lambda: layer.channel_density(0, calibration).reshape(tiling.groups, -1)
    )
