"""What a mask leaves of gated passes at least, against numpy (MODEL.md M14, M41)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from designs import conv
from jobs import job_of

from pgsim import LayerShape
from pgsim.kernels.nest_windows import (
    blocks_in_raster,
    entries_before,
    least_of_blocks,
    reached_by_entries,
)
from pgsim.model.search.problem import loops_of


def packed(mask: np.ndarray) -> np.ndarray:
    """Rows of positions, 64 to a word, the first in the lowest bit."""
    positions = mask.shape[-1]
    padded = np.zeros((*mask.shape[:-1], -(-positions // 64) * 64), bool)
    padded[..., :positions] = mask
    return np.packbits(padded, axis=-1, bitorder="little").view(np.uint64)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (8, 8), (5, 27), (3, 64)])
def test_entries_before_are_sums_of_the_mask(height: int, width: int) -> None:
    mask = np.random.default_rng(height).random((2, 3, height * width)) < 0.4
    before = entries_before(packed(mask), height, width)
    grid = mask.reshape(2, 3, height, width).transpose(0, 2, 3, 1)
    assert np.array_equal(before[:, 1:, 1:], grid.cumsum(axis=1).cumsum(axis=2))
    assert not before[:, 0].any()
    assert not before[:, :, 0].any()


@pytest.mark.parametrize("keeps", [0, 1])
@pytest.mark.parametrize("seed", range(8))
def test_least_of_blocks_is_that_of_each_tile(seed: int, keeps: int) -> None:
    rng = np.random.default_rng(seed)
    batch, groups, height, width = rng.integers(1, 4, 4).tolist()
    channels, columns = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    mask = rng.random((2 * batch, groups * channels, height * width)) < 0.5
    limits = (batch, height, width, channels)
    sizes = np.array([[rng.integers(1, most + 1) for most in limits] for _ in range(5)])
    cycles = rng.permutation(2 * batch * height * width * channels + 1)
    layout = np.array([batch, channels, columns, keeps])
    found = least_of_blocks(entries_before(packed(mask), height, width), layout, sizes, cycles)
    grid = mask.reshape(2, batch, groups, channels, height, width)
    for own, (n, p, q, k) in zip(found.tolist(), sizes.tolist(), strict=True):
        least = 0
        for first in range(0, channels, k):
            for lane in range(first, min(first + k, channels), columns):
                lanes = slice(lane, min(lane + columns, first + k, channels))
                for image in range(0, batch, n):
                    for row in range(0, height, p):
                        for column in range(0, width, q):
                            tile = grid[
                                :,
                                image : image + n,
                                :,
                                lanes,
                                row : row + p,
                                column : column + q,
                            ].sum(axis=(1, 4, 5))  # batches, groups, lanes
                            slots = -(-tile.sum(axis=-1) // columns)
                            if keeps:
                                slots = np.maximum(slots, tile.max(axis=-1))
                            least += cycles[slots].sum()
        assert own == least


@pytest.mark.parametrize("seed", range(6))
def test_blocks_in_raster_are_slices_of_the_positions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loops = rng.integers(1, 5, 3)
    sizes = np.array([[rng.integers(1, most + 1) for most in loops] for _ in range(3)])
    positions, slots, begins = blocks_in_raster(loops, sizes)
    grid, expected, first = np.arange(loops.prod()).reshape(loops), [], []
    for n, p, q in sizes.tolist():
        first.append(len(expected))
        expected += [
            grid[image : image + n, row : row + p, column : column + q].ravel().tolist()
            for image in range(0, loops[0], n)
            for row in range(0, loops[1], p)
            for column in range(0, loops[2], q)
        ]
    assert positions.tolist() == [each for block in expected for each in block]
    assert slots.tolist() == [len(block) for block in expected]
    assert begins.tolist() == first


@pytest.mark.parametrize("density", [0.02, 0.2])
@pytest.mark.parametrize("seed", range(6))
def test_what_blocks_reach_that_have_an_entry(seed: int, density: float) -> None:
    """Block by block: pixels under the kernel of the block's outputs, padding left out."""
    rng = np.random.default_rng(seed)
    layer = conv(
        *(2, 6, int(rng.integers(4, 8)), int(rng.integers(1, 4))),
        stride=[int(rng.integers(1, 3))] * 2,
        padding=[1, 1],
        groups=int(rng.integers(1, 3)),
    )
    mask = rng.random((4, layer.mask_channels, layer.mask_positions)) < density
    job = job_of(layer, mask, {"batch": 2}, "pg")
    loops = loops_of(job)
    counts = loops.sizes[1]
    picks = np.array([[rng.integers(0, most) for most in counts] for _ in range(8)])
    height, width = layer.out_size
    before = entries_before(packed(mask), height, width)
    group = layer.channels_per_group
    found = reached_by_entries(before, np.array([2, group]), loops, picks)
    grid = mask.reshape(2, 2, layer.groups, group, height, width)
    rows, columns = (pixels_of(layer, axis) for axis in (0, 1))
    for own, pick in zip(found.T.tolist(), picks, strict=True):
        n, p, q, k, _ = loops.blocks[np.arange(5), pick].tolist()
        expected = [0, 0, 0]
        for batch, of_group in product(range(2), range(layer.groups)):
            every = product(
                *(range(0, *each) for each in ((2, n), (group, k), (height, p), (width, q)))
            )
            for image, channel, row, column in every:
                block = grid[batch, image : image + n, of_group, channel : channel + k]
                images, channels = block.shape[:2]
                if block[:, :, row : row + p, column : column + q].any():
                    pixels = len(set().union(*rows[row : row + p]))
                    expected[1] += images * pixels * len(set().union(*columns[column : column + q]))
                    expected[2] += channels
                else:
                    expected[0] += 1
        assert own == expected


def pixels_of(layer: LayerShape, axis: int) -> list[set[int]]:
    """The input rows, or columns, under the kernel of each output row, or column."""
    stride, taps = layer.stride[axis], layer.kernel[axis]
    return [
        {place * stride - 1 + tap for tap in range(taps)} & set(range(layer.in_size[axis]))
        for place in range(layer.out_size[axis])
    ]
