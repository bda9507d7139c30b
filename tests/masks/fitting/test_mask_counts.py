"""What is counted of masks, against counts one by one in plain Python, and by hand (M36)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from designs import conv, linear, trace_of

from pgsim.masks.fitting import mask_counts as module
from pgsim.masks.fitting.mask_counts import count_masks, silent_part, texture_of
from pgsim.masks.fitting.torus import autocorrelation, quadrant, torus_of
from pgsim.workload import LayerShape

LAYERS = [conv(1, 18, 6, 2), conv(1, 3, 4, 1), linear(9, 1, 5), conv(2, 4, 5, 1, gate="input")]


def masks_of(layer: LayerShape, images: int = 7) -> np.ndarray:
    shape = (images, layer.mask_channels, layer.mask_positions)
    return np.random.default_rng(3).random(shape) < 0.3


@pytest.mark.parametrize("pieces", [1, 3, 7])
@pytest.mark.parametrize("layer", LAYERS, ids=["conv", "few", "linear", "input"])
def test_ones_are_counted_by_place_and_by_pair_of_channels(
    layer: LayerShape, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, and as exactly where masks are read a few images at a time."""
    bits = masks_of(layer)
    size = layer.mask_size
    torus = torus_of(size)
    values = -(-7 // pieces) * layer.mask_channels * torus[0] * torus[1]
    monkeypatch.setattr(module, "_CHUNK_VALUES", values)
    found = count_masks(trace_of(layer, bits).layers[0])
    assert found.images == 7
    ones = bits.sum(axis=0).reshape(-1, *size)
    assert found.ones.tolist() == ones.tolist()
    channels = range(layer.mask_channels)
    together = [[int((bits[:, a] & bits[:, b]).sum()) for b in channels] for a in channels]
    assert found.together.tolist() == together
    # Power by frequency says of pairs of places at each distance how often both are 1.
    both = quadrant(np.fft.irfft2(found.power, torus), size)
    maps = bits.reshape(7, -1, *size).astype(float)
    expected = sum(autocorrelation(each, torus) for each in maps)
    assert both == pytest.approx(expected, abs=1e-4)  # of frequencies of 32-bit floats
    whole = bits.reshape(7, -1, *size)
    assert found.silent == pytest.approx(silent_part(whole), rel=1e-12)
    assert found.texture == pytest.approx(float(texture_of(whole).var()), rel=1e-12)


@pytest.mark.parametrize("channels", [1, 15, 16, 17, 40])
def test_sixteen_channels_in_a_row_are_silent_where_none_is_1(channels: int) -> None:
    """Position by position; the last group may be smaller."""
    masks = np.random.default_rng(4).random((3, channels, 4, 5)) < 0.06
    silent = [
        not any(masks[image, channel, y, x] for channel in group)
        for image, y, x in product(range(3), range(4), range(5))
        for group in (range(first, min(first + 16, channels)) for first in range(0, channels, 16))
    ]
    assert silent_part(masks) == pytest.approx(sum(silent) / len(silent), rel=1e-12)


def test_texture_is_how_often_neighbours_differ() -> None:
    """By hand. A column of ones at the left: each of its 4 places differs from the right.

    In patches of 4 x 4, of which 5 rows and 8 columns hold two: 4 of 16 places in the first, none
    in the second. Two channels, of which the second is empty, halve it.
    """
    masks = np.zeros((1, 2, 5, 8), bool)
    masks[0, 0, :, 0] = True
    assert texture_of(masks).tolist() == [[4 / 16 / 2, 0]]


def test_neighbours_below_differ_too() -> None:
    """By hand: a one in the middle of 3 x 3 differs from the left, the top, the right and below.

    A place counts for its neighbours to the right and below; one patch of 3 x 3 holds all four.
    """
    masks = np.zeros((2, 1, 3, 3), bool)
    masks[0, 0, 1, 1] = True
    assert texture_of(masks).tolist() == [[4 / 9], [0]]


def test_a_map_of_one_column_has_patches_of_one() -> None:
    """By hand: of 8 places 0 to 3 are 1, and place 3 alone differs from the next."""
    masks = np.zeros((1, 1, 8, 1), bool)
    masks[0, 0, :4] = True
    assert texture_of(masks).tolist() == [[1 / 4, 0]]
