"""The row of a mask that each lane takes (M7)."""

from __future__ import annotations

import numpy as np
from designs import conv, design, drawn, trace_of

from pgsim.mapping import lane_rows, tile
from pgsim.workload import LayerShape


def lanes(layer: LayerShape, mask: np.ndarray, order: str, calibration: int) -> list[int]:
    arch = design({"lsb.lane_order": order})
    return lane_rows(
        trace_of(layer, mask).layers[0], arch, tile(layer, arch, 1, 2), calibration
    ).tolist()


def test_channels_are_ordered_by_density_within_their_group() -> None:
    # Densities on the first image: 1/4, 2/4, 2/4 | 0, 3/4, 1; ties by index. The second image,
    # which would turn all around, is not for calibration.
    layer = conv(2, 6, 2, 1, groups=2)
    mask = drawn("x... xx.. ..xx .... xxx. xxxx", "xxxx .... .... xxxx .... ....")
    assert lanes(layer, mask, "density", calibration=1) == [1, 2, 0, 5, 4, 3]
    assert lanes(layer, mask, "density", calibration=2) == [0, 1, 2, 3, 5, 4]
    assert lanes(layer, mask, "raster", calibration=1) == [0, 1, 2, 3, 4, 5]


def test_position_lanes_lie_as_they_are() -> None:
    layer, mask = conv(2, 6, 2, 1, groups=2), drawn("x... xx.. ..xx .... xxx. xxxx")
    arch = design({"array.dataflow": "is"})
    rows = lane_rows(trace_of(layer, mask).layers[0], arch, tile(layer, arch, 1, 2), 1)
    assert rows.tolist() == [0, 1, 2, 3]
