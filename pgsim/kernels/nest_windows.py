"""What a mask leaves of a gated pass at least, block by block (MODEL.md M14, M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import BEGIN, K, N, P, Q


@kernel
def entries_before(mask, height, width):
    """Count the entries above and to the left of every position, channel by channel.

    mask: uint64 (images, channels, words), a channel's positions packed, row by row.
    Returns int32 (images, height + 1, width + 1, channels).
    """
    images, channels, _ = mask.shape
    before = np.zeros((images, height + 1, width + 1, channels), np.int32)
    of_row = np.empty(channels, np.int32)
    for image in range(images):
        for row in range(height):
            of_row[:] = 0
            for column in range(width):
                slot = row * width + column
                word, bit = slot >> 6, np.uint64(slot & 63)
                above, own = before[image, row, column + 1], before[image, row + 1, column + 1]
                for channel in range(channels):
                    of_row[channel] += np.int32((mask[image, channel, word] >> bit) & np.uint64(1))
                    own[channel] = above[channel] + of_row[channel]
    return before


@kernel
def least_of_blocks(before, layout, sizes, cycles):
    """Return what gated passes take at least, if blocks are so large.

    before: of `entries_before`. layout: int64 (4,), images of a batch, channels of a group, columns
    of the array, whose lanes are channels, and whether a lane keeps its slots (1) or a scheduler
    may give them to others (0). sizes: int64 (choices, 4), images, rows, columns and channels of a
    block. cycles: int64, what so many issued slots take. Returns int64 (choices,), over all images.
    """
    images, channels = before.shape[0], before.shape[3]
    batch, group, columns, keeps = layout[0], layout[1], layout[2], layout[3]
    found = np.zeros(len(sizes), np.int64)
    entries = np.empty(columns, np.int32)
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
                                before, span, sizes[choice], entries, keeps, cycles
                            )
    return found


@kernel(inner=True)
def _of_lanes(before, span, sizes, entries, keeps, cycles):
    """Return the cycles of a lane group in all blocks of positions; span: its images and lanes.

    entries: int32, room for those of a block's lanes.
    """
    first, last, lane, end = span
    height, width = before.shape[1] - 1, before.shape[2] - 1
    total = np.int64(0)
    for top in range(0, height, sizes[1]):
        bottom = min(top + sizes[1], height)
        for left in range(0, width, sizes[2]):
            right = min(left + sizes[2], width)
            lanes = entries[: end - lane]
            lanes[:] = 0
            for image in range(first, last):
                begin_top, begin = before[image, top, left], before[image, bottom, left]
                end_top, upto = before[image, top, right], before[image, bottom, right]
                for place in range(lanes.size):
                    own = upto[lane + place] - begin[lane + place]
                    lanes[place] += own - end_top[lane + place] + begin_top[lane + place]
            every = fullest = np.int32(0)
            for place in range(lanes.size):
                every += lanes[place]
                fullest = max(fullest, lanes[place])
            slots = -(-every // entries.size)
            total += cycles[max(slots, keeps * fullest)]
    return total


@kernel
def reached_by_entries(before, layout, loops, picks):
    """Count what blocks reach that have an entry, int64 (3, choices).

    Those are blocks without one, input pixels of all others, and output channels of all others.

    before: of `entries_before`. layout: int64 (2,), images of a batch, channels of a group. loops:
    `nest_problem.Loops`. picks: int64 (choices, 5), which of its sizes the block of each loop has.
    """
    images, channels = before.shape[0], before.shape[3]
    batch, group = layout[0], layout[1]
    found = np.zeros((3, len(picks)), np.int64)
    for choice in range(len(picks)):
        own = picks[choice]
        of_images, of_channels = loops.blocks[N, own[N]], loops.blocks[K, own[K]]
        for image in range(0, images, batch):
            for first in range(image, image + batch, of_images):
                last = min(first + of_images, image + batch)
                for channel in range(0, channels, group):
                    for block in range(channel, channel + group, of_channels):
                        end = min(block + of_channels, channel + group)
                        span = (first, last, block, end)
                        _add_reached(found[:, choice], before, span, loops, own)
    return found


@kernel(inner=True)
def _add_reached(found, before, span, loops, picks):
    """Add what blocks of positions reach; span: their images and channels."""
    first, last, channel, end = span
    height, width = before.shape[1] - 1, before.shape[2] - 1
    rows, columns = loops.blocks[P, picks[P]], loops.blocks[Q, picks[Q]]
    row, begin = loops.sides[BEGIN, 0, picks[P]], loops.sides[BEGIN, 1, picks[Q]]
    for top in range(0, height, rows):
        column = begin
        for left in range(0, width, columns):
            edges = (top, min(top + rows, height), left, min(left + columns, width))
            if _has_entry(before, span, edges):
                pixels = loops.reaches[0, 0, row] * loops.reaches[1, 0, column]
                found[1] += (last - first) * pixels
                found[2] += end - channel
            else:
                found[0] += 1
            column += 1
        row += 1


@kernel(inner=True)
def _has_entry(before, span, edges):
    """Say whether a block has an entry."""
    first, last, channel, end = span
    top, bottom, left, right = edges
    for image in range(first, last):
        for own in range(channel, end):
            entries = before[image, bottom, right, own] - before[image, bottom, left, own]
            if entries + before[image, top, left, own] != before[image, top, right, own]:
                return True
    return False


@kernel
def blocks_in_raster(loops, sizes):
    """Return the positions of a batch block by block, for blocks of several sizes in turn.

    loops, sizes: int64 (3,) and (choices, 3), images, rows and columns, of a batch and of a block.
    Returns int64: the positions, the slots of each block, and the first block of each choice.
    """
    images, height, width = loops[0], loops[1], loops[2]
    positions = np.empty(len(sizes) * images * height * width, np.int64)
    begins = np.zeros(len(sizes) + 1, np.int64)
    for choice in range(len(sizes)):
        blocks = np.int64(1)
        for loop in range(3):
            blocks *= -(-loops[loop] // sizes[choice, loop])
        begins[choice + 1] = begins[choice] + blocks
    slots = np.empty(begins[-1], np.int64)
    place = block = 0
    for choice in range(len(sizes)):
        n, p, q = sizes[choice, 0], sizes[choice, 1], sizes[choice, 2]
        for first in range(0, images, n):
            for top in range(0, height, p):
                for left in range(0, width, q):
                    begin, right = place, min(left + q, width)
                    for image in range(first, min(first + n, images)):
                        for row in range(top, min(top + p, height)):
                            for column in range(left, right):
                                positions[place] = (image * height + row) * width + column
                                place += 1
                    slots[block] = place - begin
                    block += 1
    return positions, slots, begins[:-1]
