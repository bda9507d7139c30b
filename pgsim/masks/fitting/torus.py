"""Maps on a torus twice as large each way, where a field does not meet itself, by frequency."""

from __future__ import annotations

import numpy as np

from pgsim.masks.fitting.tetrachoric import Numbers


def torus_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the sides of the torus for maps (..., H, W); a side of one stays."""
    height, width = (side if side == 1 else 2 * side for side in shape[-2:])
    return height, width


def autocorrelation(maps: Numbers, torus: tuple[int, int]) -> Numbers:
    """Return sums of products by distance, (maps, H, W), of maps (maps, H, W)."""
    power = np.abs(np.fft.rfft2(maps, torus)) ** 2
    return quadrant(np.fft.irfft2(power, torus), (maps.shape[1], maps.shape[2]))


def quadrant(lagged: Numbers, size: tuple[int, int]) -> Numbers:
    """Return the mean of distances (y, x) and (y, -x), (..., H, W)."""
    height, width = size
    mirrored = np.roll(lagged[..., ::-1], 1, axis=-1)
    quadrant: Numbers = (lagged + mirrored)[..., :height, :width] / 2
    return quadrant


def power_shares(torus: tuple[int, int]) -> Numbers:
    """Return what each frequency of rfft2 adds to a variance: all but two columns stand for two."""
    height, width = torus
    columns = np.full(width // 2 + 1, 2.0)
    columns[0] = 1
    if width % 2 == 0:
        columns[-1] = 1
    shares: Numbers = np.broadcast_to(columns, (height, len(columns))) / (height * width)
    return shares
