"""In which order channels become lanes, by hand (M7)."""

from __future__ import annotations

import numpy as np
import pytest

from pgsim.arch import LANE_ORDERS

ROWS = np.arange(6)  # of two groups of three channels


def nobody_asks() -> np.ndarray:
    raise AssertionError("the density of masks was measured")


def test_raster_leaves_channels_as_they_lie_and_asks_for_no_mask() -> None:
    raster = LANE_ORDERS["raster"]
    assert raster.ordered(ROWS, nobody_asks) is ROWS
    assert not raster.by_density


@pytest.mark.parametrize(
    ("density", "ordered"),
    [
        ([[0.1, 0.5, 0.3], [0.2, 0.2, 0.9]], [1, 2, 0, 5, 3, 4]),
        ([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]], [0, 1, 2, 3, 4, 5]),  # ties go by index
    ],
)
def test_density_puts_the_densest_of_each_group_first(
    density: list[list[float]], ordered: list[int]
) -> None:
    by_density = LANE_ORDERS["density"]
    assert by_density.ordered(ROWS, lambda: np.array(density)).tolist() == ordered
    assert by_density.by_density
