"""Issued slots of the `combine` scheduler: disjoint slots share an issue slot (MODEL.md M12)."""

from __future__ import annotations

from typing import NamedTuple

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
def _drop_oldest(used, held):
    """Forget the oldest of `held` issue slots, keeping the others in order of age."""
    for place in range(held - 1):
        for chunk in range(used.shape[0]):
            used[chunk, place] = used[chunk, place + 1]


@numba.njit(cache=True, nogil=True)
def _shortfall(vectors, issued, rate):
    """Return the most bits by which a port is behind at the end of any beat of issued slots."""
    beat_slots, vector_bits, beat_port_bits = rate[0], rate[1], rate[2]
    most = np.int64(-(2**62))
    behind = np.int64(0)
    left = (issued - 1) % beat_slots  # slots of this beat still to come; the first beat is short
    for slot in range(issued):
        behind += vectors[slot] * vector_bits
        if left:
            left -= 1
        else:
            behind -= beat_port_bits
            most = max(most, behind)
            left = beat_slots - 1
    return most if issued else np.int64(0)


class Table(NamedTuple):
    """The issue table: how many slots share an issue slot, and how many issue slots are held."""

    ways: int
    open_slots: int


@numba.njit(cache=True, nogil=True)
def combine(rows, lanes, lane_bounds, slot_bounds, table, rates):
    """Count the slots that `combine` issues in every tile, and how far a port lags behind them.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    rates: int64 (rates, 3), issued slots of a beat, bits of an operand vector, and the bits that
    the port brings in a beat (`timing.ports`); each slot that shares an issue slot is a vector.
    Returns int64 (batches, lane groups, windows) and, in bits, int64 (rates, batches, lane groups,
    windows). Source: MODEL.md M12, M21.
    """
    batches = rows.shape[0]
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    shortfalls = np.zeros((len(rates), batches, groups, windows), np.int64)
    members = np.empty(slot_bounds[windows], np.int64)  # of each issue slot of a window
    for batch in range(batches):
        for group in range(groups):
            own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
            slots = np.empty(((own.size + 63) >> 6, 64), np.uint64)
            used = np.empty((slots.shape[0], table.open_slots), np.uint64)
            batch_rows = rows[batch]
            loaded = -1
            for window in range(windows):
                held = oldest = 0
                for position in range(slot_bounds[window], slot_bounds[window + 1]):
                    if position >> 6 != loaded:
                        loaded = position >> 6
                        _load(batch_rows, own, loaded, slots)
                    slot = position & 63  # an index: a view would cost a reference count
                    if not _active(slots, slot):
                        continue
                    place = _first_fit(slots, slot, used, held)
                    if place == held:
                        if held == table.open_slots:
                            _drop_oldest(used, held)
                            oldest += 1
                            place -= 1
                        else:
                            held += 1
                        members[oldest + place] = 0
                        for chunk in range(used.shape[0]):
                            used[chunk, place] = np.uint64(0)
                    joined = oldest + place
                    members[joined] += 1
                    full = members[joined] == table.ways  # then it seems to use every lane
                    for chunk in range(used.shape[0]):
                        used[chunk, place] |= _ALL if full else slots[chunk, slot]
                count = oldest + held
                issued[batch, group, window] = count
                for rate in range(len(rates)):
                    shortfalls[rate, batch, group, window] = _shortfall(members, count, rates[rate])
    return issued, shortfalls
