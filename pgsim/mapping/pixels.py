"""Which positions some taps of a kernel bring an important pixel to (MODEL.md M52)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import Words
from pgsim.workload import LayerShape
from pgsim.workload.layer_trace import pack_masks

Taps = tuple[int, ...]  # of a kernel, counted row by row


def positions_under(mask: npt.NDArray[np.bool_], shape: LayerShape, taps: Taps) -> Words:
    """Return the positions that have an important pixel under any of these taps, packed.

    mask: bool (images, pixels), 1 for an important pixel; padding is not important.
    Returns uint64 (images, out_channels, words), read-only: all channels are alike.
    """
    images = len(mask)
    (in_h, in_w), (out_h, out_w) = shape.mask_size, shape.out_size
    (pad_h, pad_w), (step_h, step_w) = shape.padding, shape.stride
    padded = np.pad(mask.reshape(images, in_h, in_w), ((0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    found = np.zeros((images, out_h, out_w), bool)
    for tap in taps:
        row, column = divmod(tap, shape.kernel[1])
        top, left = row * shape.dilation[0], column * shape.dilation[1]
        bottom, right = top + step_h * (out_h - 1) + 1, left + step_w * (out_w - 1) + 1
        found |= padded[:, top:bottom:step_h, left:right:step_w]
    words = pack_masks(found.reshape(images, 1, -1))
    every = np.repeat(words, shape.out_channels, axis=1)
    every.flags.writeable = False
    return every
