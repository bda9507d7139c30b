"""How late the banks of a buffer are with the operand vectors that a pass reads (MODEL.md M43)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.slots import is_active, lanes_of_slots, largest


class Reads(NamedTuple):
    """How one pass reads the vectors of its slots, bank by bank.

    banks: the vector of a window's slot lies in the bank of its place, modulo so many.
    beat_slots: issued slots that begin together. beat_spacing_cycles: from one beat to the next.
    lead_cycles: from a fold's first cycle to its first step.
    edge_cycles, bus_cycles: folds of the reduction begin as far apart as all beats and an edge
    take, or as the bus does if that is longer.
    folds: int64 (points, 3), of folds of the reduction that may be the latest which of the
    `deadlines` each has, the words of a vector that folds before it read, and its number.
    deadlines: int64 (kinds, points, 2), words of a vector, and cycles from a beat's begin by which
    they are needed; a kind's last point is of all words that a fold reads of a vector.
    """

    banks: int
    beat_slots: int
    beat_spacing_cycles: int
    lead_cycles: int
    edge_cycles: int
    bus_cycles: int
    folds: np.ndarray
    deadlines: np.ndarray


class Vectors(NamedTuple):
    """The vectors of a tile: the issue slot that reads each, and the place of its slot, int64."""

    issues: np.ndarray
    places: np.ndarray


@kernel
def deadlines(step_ends, stretch, bits, port_bits, step_cycles):
    """Return when a fold that streams whole vectors needs their words, int64 (points, 2).

    step_ends: int64, elements of a vector that are used up to and with each step. stretch:
    elements that lie packed from a port word on. Of the points (words, cycles) only those are
    returned at which some number of vectors is furthest behind: their lower convex hull.
    """
    points = np.empty((step_ends.size, 2), np.int64)
    for step in range(step_ends.size):
        whole, part = divmod(step_ends[step], stretch)
        words = whole * (-(-stretch * bits // port_bits)) - (-part * bits // port_bits)
        points[step, 0], points[step, 1] = words, (step + 1) * step_cycles
    return latest(points)


@kernel
def latest(points):
    """Return the points (words, times) at which any number of vectors may be furthest behind.

    That is where vectors times words less a time, at any pace, is greatest: the lower convex hull.
    points: int64 (points, 2), neither words nor times falling.
    """
    hull = np.empty_like(points)
    size = 0
    for point in range(len(points)):
        words, time = points[point, 0], points[point, 1]
        if size and hull[size - 1, 0] == words:
            continue  # nothing more is read by then
        while size > 1:
            rise = hull[size - 1, 1] - hull[size - 2, 1]
            run = hull[size - 1, 0] - hull[size - 2, 0]
            if rise * (words - hull[size - 1, 0]) < (time - hull[size - 1, 1]) * run:
                break
            size -= 1
        hull[size, 0], hull[size, 1] = words, time
        size += 1
    return hull[:size]


@kernel
def lateness(vectors, count, issued, reads, beats):
    """Return by how many cycles the banks are late with a tile's vectors, at least 0.

    vectors: `Vectors`, of which the first `count` are meant. issued: slots that are issued.
    beats: int64 (banks, beats), is filled with how many vectors each beat reads from each bank.
    """
    first = (issued - 1) % reads.beat_slots + 1  # issued slots of the first, short beat
    used = -(-issued // reads.beat_slots)
    beats[:, :used] = 0
    for vector in range(count):
        beat = (vectors.issues[vector] + reads.beat_slots - first) // reads.beat_slots
        beats[vectors.places[vector] % reads.banks, beat] += 1
    spacing = max(used * reads.beat_spacing_cycles + reads.edge_cycles, reads.bus_cycles)
    kinds = len(reads.deadlines)
    behind = np.empty(kinds, np.int64)
    late = np.int64(0)
    for bank in range(reads.banks):
        read = np.int64(0)
        for kind in range(kinds):
            behind[kind], read = _behind(beats[bank, :used], reads.deadlines[kind], reads)
        if read == 0:
            continue
        for fold in range(len(reads.folds)):
            before, begin = reads.folds[fold, 1], reads.folds[fold, 2] * spacing
            late = max(late, read * before + behind[reads.folds[fold, 0]] - begin)
    return late


@kernel(inner=True)
def _behind(beats, points, reads):
    """Return by how many cycles a bank is late in a fold that begins in cycle 0, and its vectors.

    beats: int64, vectors that each beat reads from the bank. points: int64 (points, 2).
    """
    words = points[-1, 0]
    most = np.int64(-(2**62))
    read = np.int64(0)
    for beat in range(beats.size):
        own = beats[beat]
        if own:
            begin = reads.lead_cycles + beat * reads.beat_spacing_cycles
            for point in range(len(points)):
                needed = read * words + own * points[point, 0]
                most = max(most, needed - begin - points[point, 1])
            read += own
    return most, read


@kernel
def beats_of(slots, reads):
    """Return room for the beats of windows of so many slots at most, int64 (banks, beats)."""
    return np.zeros((reads.banks, -(-slots // reads.beat_slots)), np.int64)


@kernel
def all_slots(windows, reads):
    """Return by how many cycles banks are late where every slot of a window is issued.

    windows: int64, slots of each window. Returns int64 (windows,). Source: MODEL.md M43.
    """
    late = np.zeros(windows.size, np.int64)
    for window in range(windows.size):
        if window and windows[window] == windows[window - 1]:
            late[window] = late[window - 1]
        else:
            late[window] = _late_with_all(windows[window], reads)
    return late


@kernel(inner=True)
def _late_with_all(slots, reads):
    """Return by how many cycles the banks are late with a window that issues all of its slots.

    It takes no longer for more slots. Where no beat reads two vectors from a bank, none is later
    than the first: that has as many vectors at least, and needs each no later than another bank.
    """
    used = -(-slots // reads.beat_slots)
    spacing = max(used * reads.beat_spacing_cycles + reads.edge_cycles, reads.bus_cycles)
    kinds = len(reads.deadlines)
    behind = np.empty(kinds, np.int64)
    late = np.int64(0)
    for bank in range(1 if reads.beat_slots <= reads.banks else min(reads.banks, slots)):
        read = _before(slots, bank, reads.banks)
        for kind in range(kinds):
            behind[kind] = _behind_with_all(slots, bank, reads.deadlines[kind], reads)
        for fold in range(len(reads.folds)):
            before, begin = reads.folds[fold, 1], reads.folds[fold, 2] * spacing
            late = max(late, read * before + behind[reads.folds[fold, 0]] - begin)
    return late


@kernel(inner=True)
def _before(slot, bank, banks):
    """Return how many slots before one have their vectors in a bank."""
    return (slot + banks - 1 - bank) // banks


@kernel(inner=True)
def _behind_with_all(slots, bank, points, reads):
    """Return the same as `_behind` of a bank where every slot of a window is issued.

    Beats behind the first, short one come round to the same banks. Between rounds what a bank is
    behind changes by the same each time, so that it is most in the first round or in the last.
    """
    beat_slots, banks, words = reads.beat_slots, reads.banks, points[-1, 0]
    first, used = (slots - 1) % beat_slots + 1, -(-slots // beat_slots)
    rounds = banks // np.gcd(banks, beat_slots)
    most, slot = np.int64(-(2**62)), np.int64(bank)  # the next one of the bank
    while slot < slots:
        beat = -(-(slot + 1 - first) // beat_slots)
        if rounds < beat < used - rounds:
            begins = first + (used - rounds - 1) * beat_slots
            slot = bank + _before(begins, bank, banks) * banks
            continue
        ends = first + beat * beat_slots
        read = _before(max(np.int64(0), ends - beat_slots), bank, banks)
        own = _before(ends, bank, banks) - read
        begin = reads.lead_cycles + beat * reads.beat_spacing_cycles
        for point in range(len(points)):
            most = max(most, read * words + own * points[point, 0] - begin - points[point, 1])
        slot += own * banks
    return most


class FoldReads(NamedTuple):
    """How folds read the vectors of their slots that issue slots of their own, bank by bank.

    banks, lead_cycles, edge_cycles, bus_cycles: as in `Reads`. rate: what a bank brings in a cycle.
    step_cycles: of an issued slot. more_cycles: that an active one takes in addition.
    all_slots: whether every slot is issued, active or not.
    """

    banks: int
    rate: int
    step_cycles: int
    more_cycles: int
    lead_cycles: int
    edge_cycles: int
    bus_cycles: int
    all_slots: bool


@kernel
def fold_by_fold(masks, bounds, folds, reads):
    """Return by how much banks are late where each fold has steps of its own (M52, M53).

    masks: uint64 (kinds, batches, lanes, words), those of every kind of fold. bounds: (lanes,
    lane_bounds, slot_bounds), int64, as in `active_slots`. folds: int64 (folds, 3), the kind of
    each fold's mask, what it reads for an issued slot, and what more for an active one.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M43, M52.
    """
    lanes, lane_bounds, slot_bounds = bounds
    kinds, batches, _, words = masks.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    late = np.zeros((batches, groups, windows), np.int64)
    read = np.empty(reads.banks, np.int64)
    for group in range(groups):
        own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
        slots = np.empty((kinds, (own.size + 63) >> 6, 64 * words), np.uint64)
        for batch in range(batches):
            for kind in range(kinds):
                lanes_of_slots(masks[kind, batch], own, slots[kind])
            for window in range(windows):
                first, last = slot_bounds[window], slot_bounds[window + 1]
                read[:] = 0
                begin = np.int64(0)
                for fold in range(len(folds)):
                    now = np.int64(0)
                    for slot in range(first, last):
                        active = is_active(slots[folds[fold, 0]], slot)
                        if not (reads.all_slots or active):
                            continue
                        bank = (slot - first) % reads.banks
                        read[bank] += folds[fold, 1] + active * folds[fold, 2]
                        now += reads.step_cycles + active * reads.more_cycles
                        behind = read[bank] - (reads.lead_cycles + begin + now) * reads.rate
                        late[batch, group, window] = max(late[batch, group, window], behind)
                    if now:
                        begin += max(now + reads.edge_cycles, reads.bus_cycles)
    return late


@kernel
def active_slots(rows, lanes, lane_bounds, slot_bounds, reads):
    """Return by how many cycles banks are late where the active slots are issued one by one.

    rows: uint64 (batches, lanes, words), a lane's slots packed least significant bit first.
    lanes: int64 (lanes,), the row of each lane in lane-group order.
    lane_bounds, slot_bounds: int64, where lane groups and windows begin, and the end of the last.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M43.
    """
    batches, _, words = rows.shape
    groups, windows = lane_bounds.size - 1, slot_bounds.size - 1
    late = np.zeros((batches, groups, windows), np.int64)
    most = largest(slot_bounds)
    beats = beats_of(most, reads)
    vectors = Vectors(np.arange(most), np.empty(most, np.int64))
    for group in range(groups):
        own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
        slots = np.empty(((own.size + 63) >> 6, 64 * words), np.uint64)
        for batch in range(batches):
            lanes_of_slots(rows[batch], own, slots)
            for window in range(windows):
                begin, count = slot_bounds[window], np.int64(0)
                for slot in range(begin, slot_bounds[window + 1]):
                    if is_active(slots, slot):
                        vectors.places[count] = slot - begin
                        count += 1
                late[batch, group, window] = lateness(vectors, count, count, reads, beats)
    return late
