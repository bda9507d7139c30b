"""From a trace's rows (a channel's positions, packed) to a scheduler's (a lane's slots, packed).

Rows are uint64, least significant bit first. Source: MODEL.md M6, M7.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import transpose


@kernel
def join_images(mask, batch, positions):
    """Put the images of each batch one after the other, bit by bit, so that slots are positions.

    mask: uint64 (batches * batch, channels, words) with `positions` bits a row, the rest zero.
    Returns uint64 (batches, channels, words of batch * positions bits).
    """
    images, channels, words = mask.shape
    joined_words = (batch * positions + 63) >> 6
    joined = np.zeros((images // batch, channels, joined_words), np.uint64)
    for image in range(images):
        begin = (image % batch) * positions
        first, shift = begin >> 6, np.uint64(begin & 63)
        for channel in range(channels):
            source, target = mask[image, channel], joined[image // batch, channel]
            for word in range(words):
                target[first + word] |= source[word] << shift
                if shift and first + word + 1 < joined_words:
                    target[first + word + 1] |= source[word] >> (np.uint64(64) - shift)
    return joined


@kernel
def transpose_positions(mask, positions):
    """Turn rows of channels into rows of positions, so that slots are channels.

    mask: uint64 (images, channels, words) with `positions` bits a row.
    Returns uint64 (images, positions, words of channels bits).
    """
    images, channels, _ = mask.shape
    turned = np.zeros((images, positions, (channels + 63) >> 6), np.uint64)
    block = np.empty(64, np.uint64)
    zero = np.uint64(0)  # a plain 0 would turn the words into floats
    for image in range(images):
        for top in range(0, channels, 64):
            for left in range(0, positions, 64):
                for row in range(64):
                    channel = top + row
                    block[row] = mask[image, channel, left >> 6] if channel < channels else zero
                transpose(block)
                for row in range(min(64, positions - left)):
                    turned[image, left + row, top >> 6] = block[row]
    return turned


@kernel
def interleave_images(mask, batch, positions):
    """Order a batch's bits by position first and image second: the runs of a recurrent layer.

    mask: uint64 (batches * batch, channels, words) with `positions` bits a row (time steps).
    Returns uint64 (batches, channels, words of batch * positions bits).
    """
    images, channels, _ = mask.shape
    ordered = np.zeros((images // batch, channels, (batch * positions + 63) >> 6), np.uint64)
    one = np.uint64(1)
    for image in range(images):
        for channel in range(channels):
            source, target = mask[image, channel], ordered[image // batch, channel]
            for position in range(positions):
                bit = (source[position >> 6] >> np.uint64(position & 63)) & one
                place = position * batch + image % batch
                target[place >> 6] |= bit << np.uint64(place & 63)
    return ordered


@kernel
def reorder_slots(rows, begins, lengths):
    """Put stretches of each row's slots one after the other.

    rows: uint64 (batches, lanes, words). begins, lengths: int64 (stretches,), of each stretch.
    Returns uint64 (batches, lanes, words) of all their bits.
    """
    batches, lanes, _ = rows.shape
    slots = lengths.sum()
    ordered = np.zeros((batches, lanes, (slots + 63) >> 6), np.uint64)
    for batch in range(batches):
        for lane in range(lanes):
            source, target = rows[batch, lane], ordered[batch, lane]
            place = 0
            for stretch in range(begins.size):
                begin, left = begins[stretch], lengths[stretch]
                while left > 0:
                    word, shift = begin >> 6, begin & 63
                    free = 64 - (place & 63)  # slots that fit the word they go to
                    taken = min(left, 64 - shift, free)
                    bits = source[word] >> np.uint64(shift)
                    if taken < 64:
                        bits &= (np.uint64(1) << np.uint64(taken)) - np.uint64(1)
                    target[place >> 6] |= bits << np.uint64(place & 63)
                    begin += taken
                    place += taken
                    left -= taken
    return ordered
