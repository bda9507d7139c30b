"""Issued slots of the `combine` scheduler in windows of slots in any order (MODEL.md M12)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.combine import issue, issues_of, room_of
from pgsim.kernels.compiled import kernel


@kernel
def combine_in_order(slots, order, bounds, table, lanes):
    """Count the slots that `combine` issues in windows of slots in any order.

    slots: of `lanes_at_slots`. order: int64, slots, window by window. bounds: int64, where windows
    begin in it, and the end of the last. table: `combine.Table`. lanes: of a lane group at most.
    Returns int64 (batches, lane groups, windows).
    """
    batches, groups, _ = slots.shape
    windows = bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    most = np.diff(bounds).max()
    gathered = np.empty((1, most), np.uint64)
    room, issues, whole = room_of(lanes, table), issues_of(most), np.zeros(2, np.int64)
    for batch in range(batches):
        for group in range(groups):
            own = slots[batch, group]
            for window in range(windows):
                places = order[bounds[window] : bounds[window + 1]]
                for place in range(places.size):
                    gathered[0, place] = own[places[place]]
                whole[1] = places.size
                issued[batch, group, window] = issue(gathered, whole, table, room, issues)
    return issued
