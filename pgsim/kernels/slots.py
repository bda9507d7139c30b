"""The lanes of each slot, as the schedulers step through them: bit l % 64 of word l // 64.

Lane groups that a word has room for are turned together, for the price of one.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import transpose

_ALL = ~np.uint64(0)


@kernel
def largest(bounds):
    """Return the size of the largest part; bounds: where parts begin, and the end of the last."""
    most = np.int64(0)
    for part in range(bounds.size - 1):
        most = max(most, bounds[part + 1] - bounds[part])
    return most


@kernel
def groups_of_a_word(lane_bounds, first):
    """Return the end of the lane groups, from the first on, that a word has room for: one or more.

    lane_bounds: int64, where lane groups begin, and the end of the last.
    """
    end = first + 1
    while end < lane_bounds.size - 1 and lane_bounds[end + 1] - lane_bounds[first] <= 64:
        end += 1
    return end


@kernel
def lanes_of_slots(rows, lanes, slots):
    """Fill slots, uint64 (lane words, words of a row * 64), with the lanes of every slot.

    rows: uint64 (rows, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane.
    """
    for chunk in range(slots.shape[0]):
        for word in range(rows.shape[1]):
            block = slots[chunk, 64 * word : 64 * (word + 1)]
            for lane in range(64):
                own = 64 * chunk + lane
                block[lane] = rows[lanes[own], word] if own < lanes.size else np.uint64(0)
            transpose(block)


@kernel
def room_for_slots(lane_bounds, words):
    """Return room for the lanes of every slot: of some lane groups together, and of each alone.

    lane_bounds: int64, where the lane groups begin, and the end of the last. words: of a row.
    Returns uint64 (lane words, 64 * words) twice.
    """
    shape = ((lane_bounds[-1] - lane_bounds[0] + 63) >> 6, 64 * words)
    return np.empty(shape, np.uint64), np.empty(shape, np.uint64)


@kernel
def lanes_of_group(together, lane_bounds, group, slots):
    """Fill slots with the lanes that one lane group has of every slot, and return their number.

    together, slots, lane_bounds: as `room_for_slots` has them. A group that a word has no room for
    is alone.
    """
    shift = np.uint64(lane_bounds[group] - lane_bounds[0])
    lanes = lane_bounds[group + 1] - lane_bounds[group]
    keep = _ALL >> np.uint64(64 - min(lanes, 64))
    for chunk in range(slots.shape[0]):
        for slot in range(slots.shape[1]):
            slots[chunk, slot] = (together[chunk, slot] >> shift) & keep
    return lanes


@kernel(inlined=True)
def is_active(slots, slot):
    """Say whether any lane of a slot is active."""
    lanes = slots[0, slot]
    for chunk in range(1, slots.shape[0]):
        lanes |= slots[chunk, slot]
    return lanes != 0


@kernel
def lanes_at_slots(rows, lanes, lane_bounds):
    """Return the lanes of every slot, uint64 (batches, lane groups, words of a row * 64).

    rows, lanes, lane_bounds: as `activity` has them, with at most 64 lanes to a group.
    """
    batches, _, words = rows.shape
    groups = lane_bounds.size - 1
    found = np.empty((batches, groups, 64 * words), np.uint64)
    for batch in range(batches):
        for group in range(groups):
            own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
            lanes_of_slots(rows[batch], own, found[batch, group : group + 1])
    return found
