"""Slot times of the `queue` scheduler: every lane drains a FIFO of its own (MODEL.md M13).

All FIFOs of 64 lanes are counted at once: bit p of their fill levels is one word, `levels[p]`.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numba.extending import intrinsic


@intrinsic
def _popcount(typing_context, word):
    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return numba.uint64(numba.uint64), codegen


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
def _overflows(slots, slot, levels, depth):
    """Say whether a push of a slot would overflow a FIFO: an active lane's level is `depth`."""
    for chunk in range(slots.shape[0]):
        full = slots[chunk, slot]
        for plane in range(levels.shape[0]):
            level = levels[plane, chunk]
            full &= level if (depth >> plane) & 1 else ~level
        if full:
            return True
    return False


@numba.njit(cache=True, nogil=True, inline="always")
def _push(slots, slot, levels):
    """Add one to the level of each active lane."""
    for chunk in range(slots.shape[0]):
        carry = slots[chunk, slot]
        for plane in range(levels.shape[0]):
            level = levels[plane, chunk]
            levels[plane, chunk] = level ^ carry
            carry &= level


@numba.njit(cache=True, nogil=True, inline="always")
def _pop(levels):
    """Take one from every level above zero, and return how many those were."""
    popped = np.int64(0)
    for chunk in range(levels.shape[1]):
        borrow = np.uint64(0)
        for plane in range(levels.shape[0]):
            borrow |= levels[plane, chunk]
        popped += np.int64(_popcount(borrow))
        for plane in range(levels.shape[0]):
            level = levels[plane, chunk]
            levels[plane, chunk] = level ^ borrow
            borrow &= ~level
    return popped


@numba.njit(cache=True, nogil=True)
def _highest(levels):
    """Return the highest level of any lane: the slot times that draining still takes."""
    highest = 0
    for chunk in range(levels.shape[1]):
        best = 0
        candidates = ~np.uint64(0)
        for plane in range(levels.shape[0] - 1, -1, -1):
            if candidates & levels[plane, chunk]:
                candidates &= levels[plane, chunk]
                best |= 1 << plane
        highest = max(highest, best)
    return highest


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


class Fifos(NamedTuple):
    """The lanes' FIFOs: their depth, and how many slots the scanner takes in a slot time."""

    depth: int
    scan: int


@numba.njit(cache=True, nogil=True)
def queue(rows, lanes, lane_bounds, slot_bounds, fifos, rates):
    """Count the slot times that `queue` takes for every tile, and how far a port lags behind them.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    rates: int64 (rates, 3), slot times of a beat, bits of an operand vector, and the bits that the
    port brings in a beat (`timing.ports`); each lane that pops reads a vector.
    Returns int64 (batches, lane groups, windows) and, in bits, int64 (rates, batches, lane groups,
    windows). Source: MODEL.md M13, M21.
    """
    batches = rows.shape[0]
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    shortfalls = np.zeros((len(rates), batches, groups, windows), np.int64)
    popped = np.empty(slot_bounds[windows], np.int64)  # lanes, in each slot time of a window
    planes = 0
    while fifos.depth >> planes:
        planes += 1
    for batch in range(batches):
        for group in range(groups):
            own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
            slots = np.empty(((own.size + 63) >> 6, 64), np.uint64)
            levels = np.zeros((planes, slots.shape[0]), np.uint64)
            batch_rows = rows[batch]
            loaded = -1
            for window in range(windows):
                slot_times = pushed = 0
                levels[:] = np.uint64(0)
                for position in range(slot_bounds[window], slot_bounds[window + 1]):
                    if position >> 6 != loaded:
                        loaded = position >> 6
                        _load(batch_rows, own, loaded, slots)
                    slot = position & 63  # an index: a view would cost a reference count
                    if not _active(slots, slot):
                        continue
                    # This slot time ends when the scanner has had its share or must wait.
                    if pushed == fifos.scan or _overflows(slots, slot, levels, fifos.depth):
                        popped[slot_times] = _pop(levels)
                        slot_times += 1
                        pushed = 0
                    _push(slots, slot, levels)
                    pushed += 1
                drained = slot_times + _highest(levels)
                issued[batch, group, window] = drained
                if len(rates):
                    for slot_time in range(slot_times, drained):
                        popped[slot_time] = _pop(levels)
                for rate in range(len(rates)):
                    shortfalls[rate, batch, group, window] = _shortfall(
                        popped, drained, rates[rate]
                    )
    return issued, shortfalls
