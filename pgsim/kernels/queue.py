"""Slot times of the `queue` scheduler: every lane drains a FIFO of its own (MODEL.md M13).

All FIFOs are counted at once. Those of few lanes have a byte each (`levels`). Of 64 lanes bit p of
the fill levels is one word, `levels[p]`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.banks import Vectors, beats_of, lateness
from pgsim.kernels.compiled import kernel
from pgsim.kernels.levels import (
    MOST_DEPTH,
    MOST_LANES,
    count,
    highest,
    lowered,
    no_levels,
    overflow,
    pops,
    pushes,
    raised,
)
from pgsim.kernels.shortfall import shortfall
from pgsim.kernels.slots import (
    groups_of_a_word,
    is_active,
    lanes_of_group,
    lanes_of_slots,
    largest,
    room_for_slots,
)
from pgsim.kernels.words import popcount


class Fifos(NamedTuple):
    """The lanes' FIFOs: their depth, and how many slots the scanner takes in a slot time."""

    depth: int
    scan: int


@kernel(inlined=True)
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


@kernel(inlined=True)
def _push(slots, slot, levels):
    """Add one to the level of each active lane."""
    for chunk in range(slots.shape[0]):
        carry = slots[chunk, slot]
        for plane in range(levels.shape[0]):
            level = levels[plane, chunk]
            levels[plane, chunk] = level ^ carry
            carry &= level


@kernel(inlined=True)
def _pop(levels):
    """Take one from every level above zero, and return how many those were."""
    popped = np.int64(0)
    for chunk in range(levels.shape[1]):
        borrow = np.uint64(0)
        for plane in range(levels.shape[0]):
            borrow |= levels[plane, chunk]
        popped += np.int64(popcount(borrow))
        for plane in range(levels.shape[0]):
            level = levels[plane, chunk]
            levels[plane, chunk] = level ^ borrow
            borrow &= ~level
    return popped


@kernel(inner=True)
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


@kernel(inlined=True)
def _scan(slots, bounds, fifos, levels, popped):
    """Scan the slots of a window, and return how many slot times have ended by then.

    levels: uint64 (planes, lane words), zeros, are filled with what is left in the FIFOs. popped:
    int64, is filled with how many lanes pop in each slot time.
    """
    slot_times = pushed = 0
    for slot in range(bounds[0], bounds[1]):
        if not is_active(slots, slot):
            continue
        # This slot time ends when the scanner has had its share or must wait.
        if pushed == fifos.scan or _overflows(slots, slot, levels, fifos.depth):
            popped[slot_times] = _pop(levels)
            slot_times += 1
            pushed = 0
        _push(slots, slot, levels)
        pushed += 1
    return slot_times


@kernel(inner=True)
def _slot_times_of_few(slots, bounds, fifos, popped, drains):
    """Return the slot times of a window of few lanes; as `_slot_times`."""
    levels = no_levels()
    slot_times = pushed = 0
    for slot in range(bounds[0], bounds[1]):
        lanes = slots[0, slot]
        if lanes == 0:
            continue
        own, popping = pushes(lanes), pops(levels)
        ends = (pushed == fifos.scan) | overflow(levels, own, fifos.depth)
        popped[slot_times] = count(popping)
        slot_times += ends
        pushed = pushed * (1 - ends) + 1
        levels = raised(lowered(levels, popping, ends), own)
    end = slot_times + highest(levels)
    if drains:
        for slot_time in range(slot_times, end):
            popping = pops(levels)
            popped[slot_time] = count(popping)
            levels = lowered(levels, popping, 1)
    return end


@kernel(inner=True)
def _slot_times_of_many(slots, bounds, fifos, popped, drains):
    """Return the slot times of a window of any number of lanes; as `_slot_times`."""
    planes = 0
    while fifos.depth >> planes:
        planes += 1
    levels = np.zeros((planes, slots.shape[0]), np.uint64)
    scanned = _scan(slots, bounds, fifos, levels, popped)
    end = scanned + _highest(levels)
    if drains:
        for slot_time in range(scanned, end):
            popped[slot_time] = _pop(levels)
    return end


@kernel(inner=True)
def _slot_times(slots, lanes, bounds, fifos, popped, drains):
    """Return the slot times of a window.

    lanes: of the lane group. bounds: int64 (2,), of the window. popped: int64, is filled with how
    many lanes pop in each slot time; drains: also while the FIFOs drain after the last slot.
    """
    if lanes <= MOST_LANES and fifos.depth <= MOST_DEPTH:
        return _slot_times_of_few(slots, bounds, fifos, popped, drains)
    return _slot_times_of_many(slots, bounds, fifos, popped, drains)


@kernel
def queue(rows, lanes, lane_bounds, slot_bounds, fifos, rates):
    """Count the slot times that `queue` takes for every tile, and how far a port lags behind them.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    rates: int64 (rates, 3), slot times of a beat, bits of an operand vector, and the bits that the
    port brings in a beat; each lane that pops reads a vector.
    Returns int64 (batches, lane groups, windows) and, in bits, int64 (rates, batches, lane groups,
    windows). Source: MODEL.md M13, M21.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    shortfalls = np.zeros((len(rates), batches, groups, windows), np.int64)
    popped = np.empty(slot_bounds[windows], np.int64)
    first = 0
    while first < groups:
        end = groups_of_a_word(lane_bounds, first)
        bounds = lane_bounds[first : end + 1]
        together, slots = room_for_slots(bounds, words)
        for batch in range(batches):
            lanes_of_slots(rows[batch], lanes[bounds[0] : bounds[-1]], together)
            for group in range(first, end):
                own_lanes = lanes_of_group(together, bounds, group - first, slots)
                for window in range(windows):
                    own_slots = slot_bounds[window : window + 2]
                    # Without rates nobody asks how many lanes pop while the FIFOs drain.
                    end_time = _slot_times(
                        slots, own_lanes, own_slots, fifos, popped, len(rates) > 0
                    )
                    issued[batch, group, window] = end_time
                    for rate in range(len(rates)):
                        behind = shortfall(popped, end_time, rates[rate])
                        shortfalls[rate, batch, group, window] = behind
        first = end
    return issued, shortfalls


@kernel(inlined=True)
def _pop_times(slots, begin, end, fifos, empty_at, vectors):
    """Find the slot time in which each entry of a window pops; return slot times, and entries.

    empty_at: int64 (lanes,), is filled with the slot time at which each lane has popped its last.
    vectors: `Vectors`, is filled with an entry each.
    """
    now = pushed = entries = 0
    empty_at[:] = 0
    for slot in range(begin, end):
        if not is_active(slots, slot):
            continue
        overflows = pushed == fifos.scan
        for lane in range(empty_at.size):
            if (slots[lane >> 6, slot] >> np.uint64(lane & 63)) & np.uint64(1):
                overflows |= empty_at[lane] - now == fifos.depth
        if overflows:
            now += 1
            pushed = 0
        for lane in range(empty_at.size):
            if (slots[lane >> 6, slot] >> np.uint64(lane & 63)) & np.uint64(1):
                pops = max(now, empty_at[lane])
                empty_at[lane] = pops + 1
                vectors.issues[entries], vectors.places[entries] = pops, slot - begin
                entries += 1
        pushed += 1
    return empty_at.max(), entries


@kernel
def queue_from_banks(rows, lanes, lane_bounds, slot_bounds, fifos, reads):
    """Count the slot times that `queue` takes for every tile, and how late banks are with them.

    As `queue`, but reads: `banks.Reads`. Returns int64 (batches, lane groups, windows) twice: slot
    times, and cycles. Source: MODEL.md M13, M43.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    late = np.zeros((batches, groups, windows), np.int64)
    most = largest(slot_bounds)
    beats = beats_of(most, reads)
    entries = most * largest(lane_bounds)
    vectors = Vectors(np.empty(entries, np.int64), np.empty(entries, np.int64))
    for group in range(groups):
        own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
        slots = np.empty(((own.size + 63) >> 6, 64 * words), np.uint64)
        empty_at = np.empty(own.size, np.int64)
        for batch in range(batches):
            lanes_of_slots(rows[batch], own, slots)
            for window in range(windows):
                begin, end = slot_bounds[window], slot_bounds[window + 1]
                count, read = _pop_times(slots, begin, end, fifos, empty_at, vectors)
                issued[batch, group, window] = count
                late[batch, group, window] = lateness(vectors, read, count, reads, beats)
    return issued, late
