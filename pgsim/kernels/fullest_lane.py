"""How many entries each tile's fullest lane holds: no scheduler goes below it (MODEL.md M14)."""

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
def fullest_lane(rows, lanes, lane_bounds, slot_bounds):
    """Count the entries of the fullest lane of every tile.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M14.
    """
    batches = rows.shape[0]
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    fullest = np.zeros((batches, groups, windows), np.int64)
    for batch in range(batches):
        for group in range(groups):
            for lane in range(lane_bounds[group], lane_bounds[group + 1]):
                row = rows[batch, lanes[lane]]
                # A window's count is the difference of a running one, so that a word which two
                # windows share is split by one shift.
                whole = before = np.int64(0)
                word = slot_bounds[0] >> 6
                for window in range(windows):
                    end = slot_bounds[window + 1]
                    for index in range(word, end >> 6):
                        whole += np.int64(_popcount(row[index]))
                    word = end >> 6
                    upto = whole
                    if end & 63:
                        upto += np.int64(_popcount(row[word] << np.uint64(64 - (end & 63))))
                    fullest[batch, group, window] = max(
                        fullest[batch, group, window], upto - before
                    )
                    before = upto
    return fullest
