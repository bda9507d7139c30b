"""What the tiles of windows of several sizes add up to, of what is issued (M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel


class Scheduled(NamedTuple):
    """What a scheduler makes of every tile, int64 (batches, lane groups, windows) each.

    slots: issued. vectors: of operands. active: slots with an active lane. entries: mask bits set.
    """

    slots: np.ndarray
    vectors: np.ndarray
    active: np.ndarray
    entries: np.ndarray


class Takes(NamedTuple):
    """What a tile takes.

    cycles: int64 (slots,), of the gated passes, by issued slots. loads: int64 (passes, slots), how
    often a pass reads the operands of its lanes, by the slots that it issues. leading: passes that
    are not gated. lane_bits: int64 (passes,), what a pass reads of a lane at once. lane_port_bits,
    sum_port_bits: of a word. entry_bits, output_bits: of sums, of each entry and of each output.
    """

    cycles: np.ndarray
    loads: np.ndarray
    leading: int
    lane_bits: np.ndarray
    lane_port_bits: int
    sum_port_bits: int
    entry_bits: int
    output_bits: int


SUMS = (
    "cycles",
    "slots",
    "vectors",
    "active",
    "scanned",
    "lane_words",
    "lane_bits",
    "sum_bits",
    "last_cycles",
)


@kernel
def sums_of_sizes(scheduled, lanes, slots, begins, takes):
    """Return what the tiles of each size add up to, int64 (9, sizes), as `SUMS` has it.

    scheduled: `Scheduled`, of which each size has the windows from its own of `begins` on. lanes,
    slots: int64, of lane groups and of windows. Lane words are those of the gated passes. Lane and
    sum bits are what the words of leading passes and of sums are too wide. Last cycles are those of
    the last tile of every batch.
    """
    batches = len(scheduled.slots)
    found = np.zeros((9, begins.size), np.int64)
    for size in range(begins.size):
        end = begins[size + 1] if size + 1 < begins.size else slots.size
        own = found[:, size]
        for batch in range(batches):
            own[8] += takes.cycles[scheduled.slots[batch, lanes.size - 1, end - 1]]
        for group in range(lanes.size):
            for window in range(begins[size], end):
                own[4] += slots[window] * batches
                for index in range(takes.leading):
                    bits = takes.loads[index, slots[window]] * lanes[group] * takes.lane_bits[index]
                    own[6] += -bits % takes.lane_port_bits * batches
                for batch in range(batches):
                    _add(own, scheduled, (batch, group, window), lanes[group], takes)
                    outputs = lanes[group] * slots[window] * takes.output_bits
                    sums = outputs + scheduled.entries[batch, group, window] * takes.entry_bits
                    own[7] += -sums % takes.sum_port_bits
    return found


@kernel(inlined=True)
def _add(found, scheduled, tile, lanes, takes):
    """Add what the gated passes take of a tile."""
    issued = scheduled.slots[tile]
    found[0] += takes.cycles[issued]
    found[1] += issued
    found[2] += scheduled.vectors[tile]
    found[3] += scheduled.active[tile]
    for index in range(takes.leading, len(takes.loads)):
        bits = takes.loads[index, issued] * lanes * takes.lane_bits[index]
        found[5] += -(bits // -takes.lane_port_bits)
