"""What each tile's mask holds: active slots, entries, its fullest lane (MODEL.md M11, M14).

Indices of inner loops are unsigned: a signed one is checked for counting from an array's end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.four_rows import add_four, count_four, take_four
from pgsim.kernels.words import popcount

_ALL = ~np.uint64(0)
_NONE, _ONE, _TWO, _THREE, _FOUR = (np.uint64(number) for number in range(5))


class Pieces(NamedTuple):
    """The windows of a row in pieces of up to four words, uint64.

    words: the first word of each piece. windows: four times the window that it is of. keeps: of
    four words of each piece, the slots that are the window's.
    """

    words: np.ndarray
    windows: np.ndarray
    keeps: np.ndarray


@kernel
def activity(rows, lanes, lane_bounds, slot_bounds, counts, first):
    """Count each tile's active slots, its active entries and the entries of its fullest lane.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin (windows from slot 0 on),
    and the end of the last. No lane group and no window is empty.
    counts: int64 (3, batches, lane groups, windows), filled in; the rows may be of some of its
    batches, from the first one on. Source: MODEL.md M11, M14.
    """
    if rows.shape[2] > 1 or slot_bounds.size > 2:
        _count_rows(rows, lanes, lane_bounds, _pieces(slot_bounds), counts, first)
    elif _in_order(lanes):
        _count_words(rows, lane_bounds, slot_bounds[1], counts, first)
    else:
        _count_words(_ordered(rows, lanes), lane_bounds, slot_bounds[1], counts, first)


@kernel(inner=True)
def _in_order(lanes):
    """Say whether each lane has the row of its own number."""
    place = 0
    while place < lanes.size and lanes[place] == place:
        place += 1
    return place == lanes.size


@kernel(inner=True)
def _ordered(rows, lanes):
    """Return rows of one word in the order of the lanes."""
    ordered = np.empty((len(rows), lanes.size, 1), np.uint64)
    for batch in range(len(rows)):
        for lane in range(lanes.size):
            ordered[batch, lane, 0] = rows[batch, lanes[lane], 0]
    return ordered


@kernel(inner=True)
def _count_rows(rows, lanes, lane_bounds, pieces, counts, first):
    """Fill in the counts of `activity`, with four lanes of a group side by side.

    Where fewer are left, the last one of them stands beside itself.
    """
    batches, height, words = rows.shape
    every, starts = rows.reshape(rows.size), (lanes * words).astype(np.uint64)
    union, entries = np.zeros_like(pieces.keeps), np.zeros(4 * counts.shape[3], np.uint64)
    totals, fullest = np.zeros_like(entries), np.zeros_like(entries)
    for batch in range(batches):
        at = np.uint64(batch * height * words)
        for group in range(lane_bounds.size - 1):
            begin, end = np.uint64(lane_bounds[group]), np.uint64(lane_bounds[group + 1])
            for lane in range(begin, end, _FOUR):
                a, b = at + starts[lane], at + starts[min(lane + _ONE, end - _ONE)]
                c = at + starts[min(lane + _TWO, end - _ONE)]
                d = at + starts[min(lane + _THREE, end - _ONE)]
                for piece in range(np.uint64(pieces.words.size)):
                    word, places = pieces.words[piece], (_FOUR * piece, pieces.windows[piece])
                    four = (a + word, b + word, c + word, d + word)
                    count_four(every, four, pieces.keeps, union, entries, places)
                for window in range(_NONE, np.uint64(entries.size), _FOUR):
                    add_four(entries, end - lane, totals, fullest, window)
            _take(pieces.windows, union, totals, fullest, counts, (first + batch, group))


@kernel(inlined=True)
def _take(windows, union, totals, fullest, counts, group):
    """Put what a lane group holds into its counts, and begin anew."""
    batch, group = np.uint64(group[0]), np.uint64(group[1])
    for window in range(np.uint64(counts.shape[3])):
        a, b, c, d = take_four(totals, _FOUR * window)
        counts[_NONE, batch, group, window] = 0
        counts[_ONE, batch, group, window] = a + b + c + d
        a, b, c, d = take_four(fullest, _FOUR * window)
        counts[_TWO, batch, group, window] = max(max(a, b), max(c, d))
    for piece in range(np.uint64(windows.size)):
        a, b, c, d = take_four(union, _FOUR * piece)
        active = popcount(a) + popcount(b) + popcount(c) + popcount(d)
        counts[_NONE, batch, group, windows[piece] // _FOUR] += np.int64(active)


@kernel(inner=True)
def _pieces(slot_bounds):
    """Return the pieces of windows."""
    pieces = np.int64(0)
    for window in range(slot_bounds.size - 1):
        first, size = _words_at(slot_bounds, window)
        pieces += (size + 3) >> 2
    words, windows = np.empty(pieces, np.uint64), np.empty(pieces, np.uint64)
    keeps = np.zeros(4 * pieces, np.uint64)
    piece = 0
    for window in range(slot_bounds.size - 1):
        first, size = _words_at(slot_bounds, window)
        own = keeps[4 * piece :][:size]
        own[:] = _ALL
        own[0] &= _ALL << np.uint64(slot_bounds[window] & 63)
        own[-1] &= _ALL >> np.uint64(-slot_bounds[window + 1] & 63)
        for word in range(0, size, 4):
            words[piece], windows[piece] = first + word, 4 * window
            piece += 1
    return Pieces(words, windows, keeps)


@kernel(inner=True)
def _words_at(slot_bounds, window):
    """Return the first word that has slots of a window, and how many have."""
    first = slot_bounds[window] >> 6
    return first, ((slot_bounds[window + 1] + 63) >> 6) - first


@kernel(inner=True)
def _count_words(rows, lane_bounds, slots, counts, first):
    """Fill in the counts of rows of one word, with one window of so many slots; lanes in order."""
    batches, lanes, _ = rows.shape
    words, keep = rows.reshape(rows.size), _ALL >> np.uint64(64 - slots)
    for batch in range(batches):
        for group in range(lane_bounds.size - 1):
            begin, end = batch * lanes + lane_bounds[group], batch * lanes + lane_bounds[group + 1]
            union = total = fullest = _NONE
            for lane in range(np.uint64(begin), np.uint64(end)):
                bits = words[lane] & keep
                union |= bits
                entries = popcount(bits)
                total += entries
                fullest = max(fullest, entries)
            counts[0, first + batch, group, 0] = popcount(union)
            counts[1, first + batch, group, 0] = total
            counts[2, first + batch, group, 0] = fullest


@kernel
def activity_in_order(slots, order, bounds):
    """Count active slots and active entries of windows of slots in any order.

    slots: of `lanes_at_slots`. order: int64, slots, window by window. bounds: int64, where windows
    begin in it, and the end of the last. Returns int64 (2, batches, lane groups, windows).
    """
    batches, groups, _ = slots.shape
    counts = np.zeros((2, batches, groups, bounds.size - 1), np.int64)
    for batch in range(batches):
        for group in range(groups):
            own = slots[batch, group]
            for window in range(bounds.size - 1):
                active, entries = np.int64(0), np.uint64(0)
                for place in range(bounds[window], bounds[window + 1]):
                    lanes = own[order[place]]
                    active += lanes != np.uint64(0)
                    entries += popcount(lanes)
                counts[0, batch, group, window] = active
                counts[1, batch, group, window] = np.int64(entries)
    return counts
