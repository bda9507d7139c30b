"""What each tile's mask holds: active slots, entries, its fullest lane (MODEL.md M11, M14)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import popcount

_ALL = ~np.uint64(0)
_FEW_WORDS = 4  # of a row, of which stretches of words are too short to pay


@kernel(inner=True)
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
        counts[window] = np.int64(end - begin)
        begin = end


@kernel(inner=True)
def _activity_of_few_words(rows, lanes, lane_bounds, slots):
    """Count the same as `activity` where rows are of few words, and one window of so many slots.

    It goes word by word, with the lanes of a group side by side.
    """
    batches, words = rows.shape[0], (slots + 63) >> 6
    last = _ALL >> np.uint64(-slots & 63)  # drops what comes after the last slot
    groups = lane_bounds.size - 1
    counts = np.empty((3, batches, groups, 1), np.int64)
    entries = np.empty(lanes.size, np.int64)  # of each lane of a group
    for batch in range(batches):
        for group in range(groups):
            first, size = lane_bounds[group], lane_bounds[group + 1] - lane_bounds[group]
            entries[:size] = 0
            active = np.int64(0)
            for word in range(words):
                union, keep = np.uint64(0), last if word + 1 == words else _ALL
                for lane in range(size):
                    bits = rows[batch, lanes[first + lane], word] & keep
                    union |= bits
                    entries[lane] += np.int64(popcount(bits))
                active += np.int64(popcount(union))
            total, fullest = np.int64(0), np.int64(0)
            for lane in range(size):
                total += entries[lane]
                fullest = max(fullest, entries[lane])
            counts[0, batch, group, 0] = active
            counts[1, batch, group, 0] = total
            counts[2, batch, group, 0] = fullest
    return counts


@kernel
def activity(rows, lanes, lane_bounds, slot_bounds):
    """Count each tile's active slots, its active entries and the entries of its fullest lane.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin (windows from slot 0 on),
    and the end of the last. No window is empty.
    Returns int64 (3, batches, lane groups, windows). Source: MODEL.md M11, M14.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    if windows == 1 and words <= _FEW_WORDS:
        return _activity_of_few_words(rows, lanes, lane_bounds, slot_bounds[1])
    counts = np.zeros((3, batches, groups, windows), np.int64)
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
                    counts[1, batch, group, window] += entries
                    counts[2, batch, group, window] = max(counts[2, batch, group, window], entries)
                    begin = end
            _count_union(union, before, last_words, shifts, counts[0, batch, group])
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
