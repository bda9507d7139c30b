"""What each tile's mask holds: active slots, entries, its fullest lane (MODEL.md M11, M14)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import popcount


@kernel
def _count_union(union, before, last_words, shifts, counts):
    """Count the active slots of each window in the union of a lane group's lanes."""
    total = np.uint64(0)
    for word in range(union.size):
        before[word] = total
        total += popcount(union[word])
    begin = np.uint64(0)
    for window in range(last_words.size):
        word = last_words[window]
        end = before[word] + popcount(union[word] << shifts[window])
        counts[window, 0] = np.int64(end - begin)
        begin = end


@kernel
def activity(rows, lanes, lane_bounds, slot_bounds):
    """Count each tile's active slots, its active entries and the entries of its fullest lane.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin (windows from slot 0 on),
    and the end of the last. No window is empty.
    Returns int64 (batches, lane groups, windows, 3). Source: MODEL.md M11, M14.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    counts = np.zeros((batches, groups, windows, 3), np.int64)
    # The last word of each window, and the shift that drops the slots after its end.
    last_words = ((slot_bounds[1:] - 1) >> 6).astype(np.uint64)
    shifts = (-slot_bounds[1:] & 63).astype(np.uint64)
    union = np.empty(words, np.uint64)
    before = np.empty(words, np.uint64)  # bits set before each word, so windows may share a word
    for batch in range(batches):
        for group in range(groups):
            union[:] = np.uint64(0)
            for lane in range(lane_bounds[group], lane_bounds[group + 1]):
                row = lanes[lane]  # an index: a view would cost a reference count
                total = np.uint64(0)
                for word in range(words):
                    bits = rows[batch, row, word]
                    union[word] |= bits
                    before[word] = total
                    total += popcount(bits)
                begin = np.uint64(0)
                for window in range(windows):
                    last = last_words[window]
                    end = before[last] + popcount(rows[batch, row, last] << shifts[window])
                    entries = np.int64(end - begin)
                    counts[batch, group, window, 1] += entries
                    counts[batch, group, window, 2] = max(counts[batch, group, window, 2], entries)
                    begin = end
            _count_union(union, before, last_words, shifts, counts[batch, group])
    return counts


@kernel
def activity_in_order(slots, order, bounds):
    """Count active slots and active entries of windows of slots in any order.

    slots: of `lanes_at_slots`. order: int64, slots, window by window. bounds: int64, where windows
    begin in it, and the end of the last. Returns int64 (2, batches, lane groups, windows).
    """
    batches, groups, _ = slots.shape
    counts = np.zeros((2, batches, groups, bounds.size - 1), np.int64)
    for batch in range(batches):
        for group in range(groups):
            own = slots[batch, group]
            for window in range(bounds.size - 1):
                active, entries = np.int64(0), np.uint64(0)
                for place in range(bounds[window], bounds[window + 1]):
                    lanes = own[order[place]]
                    active += lanes != np.uint64(0)
                    entries += popcount(lanes)
                counts[0, batch, group, window] = active
                counts[1, batch, group, window] = np.int64(entries)
    return counts
