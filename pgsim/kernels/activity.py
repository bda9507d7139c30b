"""What each tile's mask holds: active slots and active entries (MODEL.md M11)."""

from __future__ import annotations

import numba
import numpy as np
from numba.extending import intrinsic


@intrinsic
def _popcount(typing_context, word):
    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return numba.uint64(numba.uint64), codegen


@numba.njit(cache=True, nogil=True)
def _by_window(union, filled, shared, slot_bounds, counts):
    """Sum words into windows, as differences of running counts: windows may share a word."""
    slots = entries = slots_before = entries_before = np.int64(0)
    word, windows = 0, slot_bounds.size - 1
    for window in range(windows):
        end = slot_bounds[window + 1]
        whole = end >> 6 if window < windows - 1 else union.size
        for index in range(word, whole):
            slots += np.int64(_popcount(union[index]))
            entries += np.int64(filled[index])
        word = whole
        slots_upto, entries_upto = slots, entries + np.int64(shared[window])
        if end & 63 and window < windows - 1:
            slots_upto += np.int64(_popcount(union[word] << np.uint64(64 - (end & 63))))
        counts[window, 0] = slots_upto - slots_before
        counts[window, 1] = entries_upto - entries_before
        slots_before, entries_before = slots_upto, entries_upto


@numba.njit(cache=True, nogil=True)
def activity(rows, lanes, lane_bounds, slot_bounds):
    """Count the active slots and the active entries of every tile.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin (windows from slot 0 on),
    and the end of the last.
    Returns int64 (batches, lane groups, windows, 2). Source: MODEL.md M11, `skip` and `ideal`.
    """
    batches = rows.shape[0]
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    counts = np.zeros((batches, groups, windows, 2), np.int64)
    words = (slot_bounds[windows] + 63) >> 6
    tail = ~np.uint64(0) >> np.uint64(-slot_bounds[windows] & 63)  # of the last word
    union = np.empty(words, np.uint64)
    filled = np.empty(words, np.uint64)  # set bits of each word, over the lanes
    shared = np.zeros(windows, np.uint64)  # those of a window's last word that are before its end
    split = [window for window in range(windows - 1) if slot_bounds[window + 1] & 63]
    for batch in range(batches):
        for group in range(groups):
            union[:] = np.uint64(0)
            filled[:] = np.uint64(0)
            shared[:] = np.uint64(0)
            for lane in range(lane_bounds[group], lane_bounds[group + 1]):
                row = lanes[lane]
                for word in range(words - 1):  # the one loop over all data: it must vectorize
                    union[word] |= rows[batch, row, word]
                    filled[word] += _popcount(rows[batch, row, word])
                last = rows[batch, row, words - 1] & tail
                union[words - 1] |= last
                filled[words - 1] += _popcount(last)
                for window in split:
                    end = slot_bounds[window + 1]
                    before = rows[batch, row, end >> 6] << np.uint64(64 - (end & 63))
                    shared[window] += _popcount(before)
            _by_window(union, filled, shared, slot_bounds, counts[batch, group])
    return counts
