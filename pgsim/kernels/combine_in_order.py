"""Issued slots of the `combine` scheduler in windows of slots in any order (MODEL.md M12).

Batches go abreast where two words hold what is held of each: no slot of one waits for those of
another, and a register of the processor has room for a word of each.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.combine import issue, issues_of, room_of
from pgsim.kernels.compiled import kernel
from pgsim.kernels.held import Held, fields_of, issue_slots, join, none_held
from pgsim.kernels.slots import largest

ABREAST = 8  # batches
_WORTH = 3  # batches that take no longer abreast than one by one

# Where words of batches abreast begin in their room: one array, which a compiler sees through.
_LOW, _HIGH, _LOW_WAYS, _HIGH_WAYS, _DROPPED, _LANES, _ROOM = range(0, 7 * ABREAST, ABREAST)

_NONE = np.uint64(0)


@kernel
def combine_in_order(slots, order, bounds, table, lanes):
    """Count the slots that `combine` issues in windows of slots in any order.

    slots: of `lanes_at_slots`. order: int64, slots, window by window. bounds: int64, where windows
    begin in it, and the end of the last. table: `combine.Table`. lanes: of a lane group at most.
    Returns int64 (batches, lane groups, windows).
    """
    batches, groups, _ = slots.shape
    issued = np.zeros((batches, groups, bounds.size - 1), np.int64)
    fields = fields_of(lanes, table)
    for first in range(0, batches, ABREAST):
        few = slice(first, min(first + ABREAST, batches))
        for group in range(groups):
            own, found = slots[few, group], issued[few, group]
            if fields.bits == 0 or len(own) < _WORTH:
                _one_by_one(own, order, bounds, (table, lanes), found)
            else:
                _abreast(own, order, bounds, fields, found)
    return issued


@kernel(inner=True)
def _abreast(slots, order, bounds, fields, issued):
    """Fill issued, int64 (batches, windows), for a few batches and a lane group."""
    batches, number = slots.shape
    lanes = np.zeros(number * ABREAST, np.uint64)
    for batch in range(batches):
        for slot in range(number):
            lanes[slot * ABREAST + batch] = slots[batch, slot]
    room = np.empty(_ROOM, np.uint64)
    for window in range(bounds.size - 1):
        empty = none_held(fields)
        room[_LOW:_HIGH] = empty.low
        room[_HIGH:_LOW_WAYS] = empty.high
        room[_LOW_WAYS:] = _NONE
        for place in range(bounds[window], bounds[window + 1]):
            _step(lanes, np.uint64(order[place] * ABREAST), room, fields)
        for batch in range(batches):
            open_slots = issue_slots(room[_LOW + batch], room[_HIGH + batch], fields)
            issued[batch, window] = np.int64(room[_DROPPED + batch] + open_slots)


@kernel
def _step(lanes, slot, room, fields):
    """Let a slot of every batch join what is held of that batch."""
    for batch in range(ABREAST):
        room[_LANES + batch] = lanes[slot + np.uint64(batch)]
    for batch in range(ABREAST):
        own = room[_LANES + batch]
        low, high = room[_LOW + batch], room[_HIGH + batch]
        low_ways, high_ways = room[_LOW_WAYS + batch], room[_HIGH_WAYS + batch]
        held, drops, _ = join(Held(low, high, low_ways, high_ways), own, fields)
        joins = _NONE - np.uint64(own != _NONE)  # all ones: a slot without lanes joins nothing
        room[_LOW + batch] = (held.low & joins) | (low & ~joins)
        room[_HIGH + batch] = (held.high & joins) | (high & ~joins)
        room[_LOW_WAYS + batch] = (held.low_ways & joins) | (low_ways & ~joins)
        room[_HIGH_WAYS + batch] = (held.high_ways & joins) | (high_ways & ~joins)
        room[_DROPPED + batch] += drops & joins


@kernel(inner=True)
def _one_by_one(slots, order, bounds, held, issued):
    """Fill issued, int64 (batches, windows), for one batch after the other.

    held: a table, and the lanes of a lane group at most.
    """
    table, lanes = held
    room = room_of(lanes, table)
    most = largest(bounds)
    gathered, issues, whole = np.empty((1, most), np.uint64), issues_of(most), np.zeros(2, np.int64)
    for batch in range(len(slots)):
        for window in range(bounds.size - 1):
            places = order[bounds[window] : bounds[window + 1]]
            for place in range(places.size):
                gathered[0, place] = slots[batch, places[place]]
            whole[1] = places.size
            issued[batch, window] = issue(gathered, whole, table, room, issues)
