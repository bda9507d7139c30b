"""What a mask leaves of a gated pass at least, block by block (MODEL.md M14, M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel


@kernel
def entries_before(mask, height, width):
    """Count the entries above and to the left of every position, channel by channel.

    mask: uint64 (images, channels, words), a channel's positions packed, row by row.
    Returns int32 (images, channels, height + 1, width + 1).
    """
    images, channels, _ = mask.shape
    before = np.zeros((images, channels, height + 1, width + 1), np.int32)
    for image in range(images):
        for channel in range(channels):
            for row in range(height):
                of_row = np.int32(0)
                for column in range(width):
                    slot = row * width + column
                    word = mask[image, channel, slot >> 6]
                    of_row += np.int32((word >> np.uint64(slot & 63)) & np.uint64(1))
                    before[image, channel, row + 1, column + 1] = (
                        before[image, channel, row, column + 1] + of_row
                    )
    return before


@kernel
def least_of_blocks(before, layout, sizes, cycles):
    """Return what gated passes take at least, if blocks are so large.

    before: of `entries_before`. layout: int64 (4,), images of a batch, channels of a group, columns
    of the array, whose lanes are channels, and whether a lane keeps its slots (1) or a scheduler
    may give them to others (0). sizes: int64 (choices, 4), images, rows, columns and channels of a
    block. cycles: int64, what so many issued slots take. Returns int64 (choices,), over all images.
    """
    images, channels = before.shape[0], before.shape[1]
    batch, group, columns, keeps = layout[0], layout[1], layout[2], layout[3]
    found = np.zeros(len(sizes), np.int64)
    for choice in range(len(sizes)):
        of_images, of_channels = sizes[choice, 0], sizes[choice, 3]
        for image in range(0, images, batch):
            for first in range(image, image + batch, of_images):
                last = min(first + of_images, image + batch)
                for channel in range(0, channels, group):
                    for block in range(channel, channel + group, of_channels):
                        end = min(block + of_channels, channel + group)
                        for lane in range(block, end, columns):
                            span = (first, last, lane, min(lane + columns, end))
                            found[choice] += _of_lanes(
                                before, span, sizes[choice], columns, keeps, cycles
                            )
    return found


@kernel
def _of_lanes(before, span, sizes, columns, keeps, cycles):
    """Return the cycles of a lane group in all blocks of positions; span: its images and lanes."""
    first, last, lane, end = span
    height, width = before.shape[2] - 1, before.shape[3] - 1
    total = np.int64(0)
    for top in range(0, height, sizes[1]):
        bottom = min(top + sizes[1], height)
        for left in range(0, width, sizes[2]):
            right = min(left + sizes[2], width)
            entries = fullest = np.int64(0)
            for channel in range(lane, end):
                own = np.int64(0)
                for image in range(first, last):
                    own += before[image, channel, bottom, right]
                    own += before[image, channel, top, left]
                    own -= before[image, channel, top, right]
                    own -= before[image, channel, bottom, left]
                entries += own
                fullest = max(fullest, own)
            slots = -(-entries // columns)
            total += cycles[max(slots, keeps * fullest)]
    return total
