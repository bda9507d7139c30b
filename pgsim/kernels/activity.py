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
def activity(rows, lanes, lane_bounds, slot_bounds):
    """Count the active slots and the active entries of every tile.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin (windows from slot 0 on),
    and the end of the last.
    Returns int64 (batches, lane groups, windows, 2). Source: MODEL.md M11, `skip` and `ideal`.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    counts = np.zeros((batches, groups, windows, 2), np.int64)
    union = np.empty(words, np.uint64)
    filled = np.empty(words, np.uint64)  # set bits of each word, over the lanes
    shared = np.empty(windows, np.uint64)  # those of a window's last word, before its end
    for batch in range(batches):
        for group in range(groups):
            union[:] = np.uint64(0)
            filled[:] = np.uint64(0)
            shared[:] = np.uint64(0)
            for lane in range(lane_bounds[group], lane_bounds[group + 1]):
                row = rows[batch, lanes[lane]]
                for word in range(words):  # the one loop over all data: it must vectorize
                    union[word] |= row[word]
                    filled[word] += _popcount(row[word])
                for window in range(windows):
                    end = slot_bounds[window + 1]
                    if end & 63:
                        shared[window] += _popcount(row[end >> 6] << np.uint64(64 - (end & 63)))
            slots = entries = slots_before = entries_before = np.int64(0)
            word = 0
            for window in range(windows):
                end = slot_bounds[window + 1]
                for index in range(word, end >> 6):
                    slots += np.int64(_popcount(union[index]))
                    entries += np.int64(filled[index])
                word = end >> 6
                slots_upto = slots
                if end & 63:
                    slots_upto += np.int64(_popcount(union[word] << np.uint64(64 - (end & 63))))
                entries_upto = entries + np.int64(shared[window])
                counts[batch, group, window, 0] = slots_upto - slots_before
                counts[batch, group, window, 1] = entries_upto - entries_before
                slots_before, entries_before = slots_upto, entries_upto
    return counts
