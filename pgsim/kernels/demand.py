"""Bursts of planes on demand that gated outputs need (MODEL.md M24, `lsb_fetch: on_demand`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.sides import Side, place_of, sizes_of


class Plane(NamedTuple):
    """The planes on demand of one group's input in one run, and the kernel that reads them.

    `pixel_bits` = input channels of the group times the bits on demand of each.
    """

    images: int
    rows: Side
    columns: Side
    pixel_bits: int
    burst_bits: int


class Nesting(NamedTuple):
    """How many runs a batch has and groups a run; the rest of an axis is lane groups or windows."""

    runs: int
    groups: int


@kernel(inner=True)
def _fetch(position, plane, taken, held, mark):
    """Mark the bursts that one position of a run needs; return how many were not held.

    taken: bool (pixels of a run,), whether a pixel's plane is taken at all.
    """
    out_h, in_h, taps_h = sizes_of(plane.rows)
    out_w, in_w, taps_w = sizes_of(plane.columns)
    image, place = divmod(position, out_h * out_w)
    out_y, out_x = divmod(place, out_w)
    fetched = 0
    for tap_y in range(taps_h):
        y = place_of(plane.rows, out_y, tap_y)
        if y < 0:
            continue
        for tap_x in range(taps_w):
            x = place_of(plane.columns, out_x, tap_x)
            if x < 0:
                continue
            pixel = (image * in_h + y) * in_w + x
            if not taken[pixel]:
                continue
            begin = pixel * plane.pixel_bits
            end = begin + plane.pixel_bits - 1
            for burst in range(begin // plane.burst_bits, end // plane.burst_bits + 1):
                if held[burst] != mark:
                    held[burst] = mark
                    fetched += 1
    return fetched


@kernel(inner=True)
def _new_plane(plane):
    """Return an array with one mark per burst of the plane, none held."""
    _, in_h, _ = sizes_of(plane.rows)
    _, in_w, _ = sizes_of(plane.columns)
    bits = plane.images * in_h * in_w * plane.pixel_bits
    return np.zeros(bits // plane.burst_bits + 1, np.int64)


@kernel
def demand_by_slots(rows, bounds, nesting, plane, taken, resident):
    """Count the bursts that every tile fetches where slots are positions.

    rows: uint64 (batches, lanes, words). bounds: (lanes, lane_bounds, slot_bounds), int64, as the
    schedulers take them: lane groups of all groups, then windows of all runs.
    taken: bool (runs, pixels of a run), those of all batches or one row for all, whether a pixel's
    plane is taken at all (M52).
    resident: bool (lane groups,), whether bursts stay held from one lane group to the next; for all
    or for none.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M24.
    """
    lanes, lane_bounds, slot_bounds = bounds
    batches = rows.shape[0]
    lane_groups = (lane_bounds.size - 1) // nesting.groups
    windows = (slot_bounds.size - 1) // nesting.runs
    bursts = np.zeros((batches, lane_bounds.size - 1, slot_bounds.size - 1), np.int64)
    held = _new_plane(plane)
    mark = 0
    for batch in range(batches):
        for run in range(nesting.runs):
            run_begin = slot_bounds[run * windows]
            own_taken = taken[min(batch * nesting.runs + run, len(taken) - 1)]
            for group in range(lane_bounds.size - 1):
                if group % lane_groups == 0 or not resident[0]:
                    mark += 1
                own = lanes[lane_bounds[group] : lane_bounds[group + 1]]
                for window in range(run * windows, (run + 1) * windows):
                    fetched = 0
                    for slot in range(slot_bounds[window], slot_bounds[window + 1]):
                        active = np.uint64(0)
                        for lane in own:
                            active |= rows[batch, lane, slot >> 6] >> np.uint64(slot & 63)
                        if active & np.uint64(1):
                            fetched += _fetch(slot - run_begin, plane, own_taken, held, mark)
                    bursts[batch, group, window] = fetched
    return bursts


@kernel
def demand_by_lanes(rows, bounds, nesting, plane, taken, resident):
    """Count the bursts that every tile fetches where lanes are positions.

    rows: uint64 (batches, lanes, words). bounds: (lanes, lane_bounds, slot_bounds), int64, as the
    schedulers take them: lane groups of all runs, then windows of all groups.
    taken: as in `demand_by_slots`.
    resident: bool (lane groups of a run,), whether a lane group's bursts stay held; none is
    resident before one that is not, as only the last can be smaller, unless all are.
    Returns int64 (batches, lane groups, windows). Source: MODEL.md M24.
    """
    lanes, lane_bounds, slot_bounds = bounds
    batches = rows.shape[0]
    lane_groups = (lane_bounds.size - 1) // nesting.runs
    windows = (slot_bounds.size - 1) // nesting.groups
    bursts = np.zeros((batches, lane_bounds.size - 1, slot_bounds.size - 1), np.int64)
    held = _new_plane(plane)
    newest = 0
    for batch in range(batches):
        for run in range(nesting.runs):
            run_begin = lane_bounds[run * lane_groups]
            own_taken = taken[min(batch * nesting.runs + run, len(taken) - 1)]
            for group in range(nesting.groups):
                newest += 1
                of_group = newest
                for place in range(run * lane_groups, (run + 1) * lane_groups):
                    for window in range(group * windows, (group + 1) * windows):
                        mark = of_group
                        if not resident[place - run * lane_groups]:
                            newest += 1
                            mark = newest
                        fetched = 0
                        for lane in range(lane_bounds[place], lane_bounds[place + 1]):
                            row = rows[batch, lanes[lane]]
                            for slot in range(slot_bounds[window], slot_bounds[window + 1]):
                                if (row[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                                    fetched += _fetch(
                                        lane - run_begin, plane, own_taken, held, mark
                                    )
                                    break
                        bursts[batch, place, window] = fetched
    return bursts
