"""Which positions some taps of a kernel bring an important pixel to (MODEL.md M52)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import Words
from pgsim.workload import LayerShape
from pgsim.workload.mask_words import pack_masks

Taps = tuple[int, ...]  # of a kernel, counted row by row


def positions_under(mask: npt.NDArray[np.bool_], shape: LayerShape, taps: Taps) -> Words:
    """Return the positions that have an important pixel under any of these taps, packed.

    mask: bool (images, pixels), 1 for an important pixel; padding is not important.
    Returns uint64 (images, out_channels, words), read-only: all channels are alike.
    """
    lines = [line for side in shape.sides for line in (side.frames, side.rows)]
    pixels = np.pad(
        mask.reshape(len(mask), *(line.inputs for line in lines)),
        [(0, 0), *((line.before, line.after) for line in lines)],
    )
    found = np.zeros((len(mask), *(line.outputs for line in lines)), bool)
    for tap in taps:  # one by one: pixels under all of them could fill memory
        places = np.unravel_index(tap, [line.taps for line in lines])
        under = (line.under(int(own)) for line, own in zip(lines, places, strict=True))
        found |= pixels[:, *under]
    words = pack_masks(found.reshape(len(mask), 1, -1))
    every = np.repeat(words, shape.out_channels, axis=1)
    every.flags.writeable = False
    return every
