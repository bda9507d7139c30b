"""Issued slots of the `combine` scheduler: disjoint slots share an issue slot (MODEL.md M12)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.banks import Vectors, beats_of, lateness
from pgsim.kernels.compiled import kernel
from pgsim.kernels.held import fields_of, join, none_held
from pgsim.kernels.shortfall import shortfall
from pgsim.kernels.slots import (
    groups_of_a_word,
    is_active,
    lanes_of_group,
    lanes_of_slots,
    largest,
    room_for_slots,
)

_ALL = ~np.uint64(0)


class Table(NamedTuple):
    """The issue table: how many slots share an issue slot, and how many issue slots are held."""

    ways: int
    open_slots: int


class Issues(NamedTuple):
    """What is issued: how many slots share each issue slot, and the issue slot of each slot."""

    members: np.ndarray
    of_slots: np.ndarray


@kernel(inlined=True)
def _first_fit(slots, slot, used, held):
    """Return the place of the oldest held issue slot that shares no lane with a slot, or `held`."""
    for place in range(held):
        clash = used[0, place] & slots[0, slot]
        for chunk in range(1, slots.shape[0]):
            clash |= used[chunk, place] & slots[chunk, slot]
        if clash == 0:
            return place
    return held


@kernel(inlined=True)
def _drop_oldest(used, held):
    """Forget the oldest of `held` issue slots, keeping the others in order of age."""
    for place in range(held - 1):
        for chunk in range(used.shape[0]):
            used[chunk, place] = used[chunk, place + 1]


@kernel(inlined=True)
def _issue_of_many(slots, bounds, table, used, issues):
    """As `issue`, where two words do not hold all that is held.

    used: uint64 (lane words, open slots), room for the lanes of the held issue slots.
    """
    members = issues.members
    held = oldest = 0
    for slot in range(bounds[0], bounds[1]):
        if not is_active(slots, slot):
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
        issues.of_slots[slot] = joined
        full = members[joined] == table.ways  # then it seems to use every lane
        for chunk in range(used.shape[0]):
            used[chunk, place] |= _ALL if full else slots[chunk, slot]
    return oldest + held


@kernel(inner=True)
def _issue_of_few(slots, bounds, fields, issues):
    """As `issue`, where two words hold the lanes of all held issue slots."""
    members, of_slots = issues.members, issues.of_slots
    held = none_held(fields)
    opened = oldest = 0
    for slot in range(bounds[0], bounds[1]):
        lanes = slots[0, slot]
        if lanes == 0:
            continue
        held, drops, place = join(held, lanes, fields)
        oldest += np.int64(drops)
        own = oldest + np.int64(place)
        members[own] = members[own] * (own < opened) + 1
        opened = max(opened, own + 1)
        of_slots[slot] = own
    return opened


@kernel(inner=True)
def issue(slots, bounds, table, room, issues):
    """Issue the slots of a window, and return how many issue slots they take.

    bounds: int64 (2,), of the window. room: of `room_of`. issues: of `issues_of`, are filled with
    what is issued.
    """
    fields, used = room
    if fields.bits > 0:
        return _issue_of_few(slots, bounds, fields, issues)
    return _issue_of_many(slots, bounds, table, used, issues)


@kernel(inner=True)
def room_of(lanes, table):
    """Return room for the lanes of the held issue slots: in two words, or a word or more each."""
    many = np.empty(((lanes + 63) >> 6, table.open_slots), np.uint64)
    return fields_of(lanes, table), many


@kernel(inner=True)
def issues_of(slots):
    return Issues(np.empty(slots, np.int64), np.empty(slots, np.int64))


@kernel
def combine(rows, lanes, lane_bounds, slot_bounds, table, rates):
    """Count the slots that `combine` issues in every tile, and how far a port lags behind them.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    rates: int64 (rates, 3), issued slots of a beat, bits of an operand vector, and the bits that
    the port brings in a beat; each slot that shares an issue slot is a vector.
    Returns int64 (batches, lane groups, windows) and, in bits, int64 (rates, batches, lane groups,
    windows). Source: MODEL.md M12, M21.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    shortfalls = np.zeros((len(rates), batches, groups, windows), np.int64)
    issues = issues_of(slot_bounds[windows])
    first = 0
    while first < groups:
        end = groups_of_a_word(lane_bounds, first)
        bounds = lane_bounds[first : end + 1]
        together, slots = room_for_slots(bounds, words)
        for batch in range(batches):
            lanes_of_slots(rows[batch], lanes[bounds[0] : bounds[-1]], together)
            for group in range(first, end):
                own_lanes = lanes_of_group(together, bounds, group - first, slots)
                room = room_of(own_lanes, table)
                for window in range(windows):
                    own_slots = slot_bounds[window : window + 2]
                    count = issue(slots, own_slots, table, room, issues)
                    issued[batch, group, window] = count
                    for rate in range(len(rates)):
                        behind = shortfall(issues.members, count, rates[rate])
                        shortfalls[rate, batch, group, window] = behind
        first = end
    return issued, shortfalls


@kernel
def combine_from_banks(rows, lanes, lane_bounds, slot_bounds, table, reads):
    """Count the slots that `combine` issues in every tile, and how late banks are with them.

    As `combine`, but reads: `banks.Reads`. Returns int64 (batches, lane groups, windows) twice:
    issue slots, and cycles. Source: MODEL.md M12, M43.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    issued = np.zeros((batches, groups, windows), np.int64)
    late = np.zeros((batches, groups, windows), np.int64)
    issues = issues_of(slot_bounds[windows])
    most = largest(slot_bounds)
    beats, vectors = beats_of(most, reads), Vectors(*issues_of(most))
    for group in range(groups):
        own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
        slots = np.empty(((own.size + 63) >> 6, 64 * words), np.uint64)
        room = room_of(own.size, table)
        for batch in range(batches):
            lanes_of_slots(rows[batch], own, slots)
            for window in range(windows):
                begin, end = slot_bounds[window], slot_bounds[window + 1]
                count = issue(slots, slot_bounds[window : window + 2], table, room, issues)
                read = np.int64(0)  # a literal would compile `lateness` twice
                for slot in range(begin, end):
                    if is_active(slots, slot):
                        vectors.issues[read] = issues.of_slots[slot]
                        vectors.places[read] = slot - begin
                        read += 1
                issued[batch, group, window] = count
                late[batch, group, window] = lateness(vectors, read, count, reads, beats)
    return issued, late
