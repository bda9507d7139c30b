"""Issued slots of the `combine` scheduler in windows of slots in any order (MODEL.md M12).

Where an issue slot has at most 16 lanes, four of them fit a word, and all are looked at together.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.combine import issue, room_of
from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import trailing_zeros

_FIELD = np.uint64(16)
_BYTE = np.uint64(8)
_LOWEST = np.uint64(0x0001000100010001)
_HIGHEST = np.uint64(0x8000800080008000)
_ALL = np.uint64(0xFFFF)
_NONE = ~np.uint64(0)  # lanes of places that no slot may join
_HALF = np.uint64(4)  # places of a word
_TOP = np.uint64(48)  # the shift of its last one
_ONE = np.uint64(1)


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
    narrow = lanes <= 16 and table.open_slots <= 8
    most = np.diff(bounds).max()
    gathered = np.empty((1, most), np.uint64)
    used, issues = room_of(most, table)
    for batch in range(batches):
        for group in range(groups):
            own = slots[batch, group]
            for window in range(windows):
                places = order[bounds[window] : bounds[window + 1]]
                if narrow:
                    issued[batch, group, window] = _narrow(own, places, table)
                    continue
                for place in range(places.size):
                    gathered[0, place] = own[places[place]]
                issued[batch, group, window] = issue(gathered, 0, places.size, table, used, issues)
    return issued


@kernel(inline="always")
def _free(used, lanes):
    """Return a word whose lowest bit set is in the first place that shares no lane with a slot."""
    clash = used & (lanes * _LOWEST)
    return (clash - _LOWEST) & ~clash & _HIGHEST


@kernel(inline="always")
def _put(used, place, lanes):
    """Return a word with these lanes in a place."""
    shift = place * _FIELD
    return (used & ~(_ALL << shift)) | (lanes << shift)


@kernel(inline="always")
def _at(used, place):
    return (used >> (place * _FIELD)) & _ALL


@kernel
def _narrow(slots, places, table):
    """Return how many issue slots a window takes; held ones are oldest first, four to a word."""
    ways, open_slots = np.uint64(table.ways), np.uint64(table.open_slots)
    old = young = _NONE
    members = held = np.uint64(0)
    issued = 0
    for number in range(places.size):
        lanes = slots[places[number]]
        if lanes == np.uint64(0):
            continue
        free_old, free_young = _free(old, lanes), _free(young, lanes)
        if free_old:
            place = trailing_zeros(free_old) // _FIELD
            lanes |= _at(old, place)
        elif free_young:
            place = _HALF + trailing_zeros(free_young) // _FIELD
            lanes |= _at(young, place - _HALF)
        else:
            issued += 1
            if held == open_slots:
                old = (old >> _FIELD) | (young << _TOP)
                young = (young >> _FIELD) | (_ALL << _TOP)
                members >>= _BYTE
                place = held - _ONE
            else:
                place = held
                held += _ONE
            members &= ~(np.uint64(0xFF) << (place * _BYTE))
        members += _ONE << (place * _BYTE)
        if (members >> (place * _BYTE)) & np.uint64(0xFF) == ways:
            lanes = _ALL  # it seems to use every lane
        if place < _HALF:
            old = _put(old, place, lanes)
        else:
            young = _put(young, place - _HALF, lanes)
    return issued
