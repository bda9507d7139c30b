"""What is counted of a layer's masks, in one read, so that a model of them can be fitted (M36)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.masks.fitting.tetrachoric import Numbers
from pgsim.masks.fitting.torus import torus_of
from pgsim.workload.layer_trace import LayerTrace

_GROUP = 16  # channels, of which the silence is that of all together
_PATCH = 4  # positions a side over which texture is measured
_CHUNK_VALUES = 2**21  # of unpacked masks at a time

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MaskCounts:
    """What is counted of one layer's masks: sums over all images, and how these differ."""

    images: int
    ones: Numbers  # (C, H, W)
    together: Numbers  # (C, C), ones of two channels at one position
    power: Numbers  # (C, *frequencies), of the masks in the torus
    silent: float  # part of all positions and groups of 16 channels where none is 1
    texture: float  # variance of `texture_of`


def count_masks(layer: LayerTrace) -> MaskCounts:
    """Return the counts of a gated layer's masks, read once, in pieces that fit in memory."""
    channels, size = layer.shape.mask_channels, layer.shape.mask_size
    torus = torus_of(size)
    ones, together = np.zeros((channels, *size)), np.zeros((channels, channels))
    power = np.zeros((channels, torus[0], torus[1] // 2 + 1))
    silent, textures = [], []
    step = max(1, _CHUNK_VALUES // (channels * torus[0] * torus[1]))
    for start in range(0, layer.images, step):
        bits = layer.unpack(start, start + step).reshape(-1, channels, *size)
        masks = bits.astype(np.float32)
        ones += masks.sum(axis=0, dtype=np.float64)
        rows = masks.transpose(1, 0, 2, 3).reshape(channels, -1)
        together += rows @ rows.T  # whole numbers, exact in float32 up to 2^24
        power += (np.abs(np.fft.rfft2(masks, torus)) ** 2).sum(axis=0)
        silent.append(silent_part(bits) * len(bits))
        textures.append(texture_of(bits))
    texture = float(np.concatenate(textures).var())
    return MaskCounts(layer.images, ones, together, power, sum(silent) / layer.images, texture)


def silent_part(masks: Bits) -> float:
    """Return in what part of all positions of masks (images, C, H, W) 16 channels in a row are 0.

    Fewer, where the layer has fewer or the last group is smaller.
    """
    starts = np.arange(0, masks.shape[1], _GROUP)
    return 1 - float(np.logical_or.reduceat(masks, starts, axis=1).mean())


def texture_of(masks: Bits) -> Numbers:
    """Return how often neighbours differ in each patch of masks (images, C, H, W), by image."""
    images, channels, height, width = masks.shape
    differing = np.zeros((images, height, width))
    differing[:, :, :-1] += (masks[..., 1:] != masks[..., :-1]).sum(axis=1)
    differing[:, :-1] += (masks[..., 1:, :] != masks[..., :-1, :]).sum(axis=1)
    tall, wide = min(_PATCH, height), min(_PATCH, width)
    rows, columns = height // tall, width // wide
    kept = differing[:, : rows * tall, : columns * wide]
    patches: Numbers = kept.reshape(images, rows, tall, columns, wide).mean(axis=(2, 4)) / channels
    return patches.reshape(images, -1)
