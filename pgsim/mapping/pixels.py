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
    (in_h, in_w), (out_h, out_w) = shape.mask_size, shape.out_size
    pixels = mask.reshape(len(mask), in_h, in_w)
    pixels = np.pad(pixels, ((0, 0), (0, 1), (0, 1)))  # where -1 finds what is padding
    rows, columns = shape.sides
    found = np.zeros((len(mask), out_h, out_w), bool)
    for tap in taps:  # one by one: places under all of them could fill memory
        row, column = divmod(tap, columns.taps)
        down = rows.places(np.arange(out_h), [row])[:, 0]
        across = columns.places(np.arange(out_w), [column])[:, 0]
        found |= pixels[:, down][:, :, across]
    words = pack_masks(found.reshape(len(mask), 1, -1))
    every = np.repeat(words, shape.out_channels, axis=1)
    every.flags.writeable = False
    return every
