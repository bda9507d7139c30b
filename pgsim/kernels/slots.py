"""The lanes of each slot, as the schedulers step through them: bit l % 64 of word l // 64."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import transpose


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


@kernel(inline="always")
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
