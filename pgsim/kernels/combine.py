"""Issued slots of the `combine` scheduler: disjoint slots share an issue slot (MODEL.md M12)."""

from __future__ import annotations

import numba
import numpy as np

_ALL = ~np.uint64(0)


@numba.njit(cache=True, nogil=True)
def _transpose(block):
    """Transpose a 64 x 64 bit matrix in place (Warren, Hacker's Delight, section 7-3)."""
    width = 32
    keep = np.uint64(0x00000000FFFFFFFF)
    while width:
        shift = np.uint64(width)
        for base in range(0, 64, 2 * width):
            for row in range(base, base + width):
                swapped = ((block[row] >> shift) ^ block[row + width]) & keep
                block[row + width] ^= swapped
                block[row] ^= swapped << shift
        width >>= 1
        keep ^= keep << np.uint64(width)


@numba.njit(cache=True, nogil=True)
def _load(rows, lanes, word, slots):
    """Fill slots (lane words, 64) with the lanes of the 64 slots in one word of each row."""
    for chunk in range(slots.shape[0]):
        block = slots[chunk]
        for lane in range(64):
            own = 64 * chunk + lane
            block[lane] = rows[lanes[own], word] if own < lanes.size else np.uint64(0)
        _transpose(block)


@numba.njit(cache=True, nogil=True, inline="always")
def _active(slots, slot):
    """Say whether any lane of a slot is active."""
    lanes = slots[0, slot]
    for chunk in range(1, slots.shape[0]):
        lanes |= slots[chunk, slot]
    return lanes != 0


@numba.njit(cache=True, nogil=True, inline="always")
def _first_fit(slots, slot, used, held):
    """Return the place of the oldest held issue slot that shares no lane with a slot, or `held`."""
    for place in range(held):
        clash = used[0, place] & slots[0, slot]
        for chunk in range(1, slots.shape[0]):
            clash |= used[chunk, place] & slots[chunk, slot]
        if clash == 0:
            return place
    return held


@numba.njit(cache=True, nogil=True, inline="always")
def _issue_oldest(used, members, held):
    """Drop the oldest of `held` issue slots, keeping the others in order of age."""
    for place in range(held - 1):
        members[place] = members[place + 1]
        for chunk in range(used.shape[0]):
            used[chunk, place] = used[chunk, place + 1]


@numba.njit(cache=True, nogil=True)
def combine(rows, lanes, lane_bounds, slot_bounds, ways, open_slots):
    """Count the slots that `combine(ways, open=open_slots)` issues in every tile.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M12.
    """
    batches = rows.shape[0]
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    members = np.empty(open_slots, np.int64)
    for batch in range(batches):
        for group in range(groups):
            own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
            slots = np.empty(((own.size + 63) >> 6, 64), np.uint64)
            used = np.empty((slots.shape[0], open_slots), np.uint64)
            batch_rows = rows[batch]
            loaded = -1
            for window in range(windows):
                held = count = 0
                for position in range(slot_bounds[window], slot_bounds[window + 1]):
                    if position >> 6 != loaded:
                        loaded = position >> 6
                        _load(batch_rows, own, loaded, slots)
                    slot = position & 63  # an index: a view would cost a reference count
                    if not _active(slots, slot):
                        continue
                    place = _first_fit(slots, slot, used, held)
                    if place == held:
                        count += 1
                        if held == open_slots:
                            _issue_oldest(used, members, held)
                            place -= 1
                        else:
                            held += 1
                        members[place] = 0
                        for chunk in range(used.shape[0]):
                            used[chunk, place] = np.uint64(0)
                    members[place] += 1
                    full = members[place] == ways  # then it seems to use every lane
                    for chunk in range(used.shape[0]):
                        used[chunk, place] |= _ALL if full else slots[chunk, slot]
                issued[batch, group, window] = count
    return issued
