"""What a pass issues in every tile: all slots, or what an LSB scheduler makes of the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig
from pgsim.kernels.activity import activity
from pgsim.kernels.combine import combine
from pgsim.kernels.fullest_lane import fullest_lane
from pgsim.kernels.queue import queue
from pgsim.mapping import Counts, Tiling, Words


@dataclass(frozen=True)
class Issue:
    """What one pass issues, int64 arrays that broadcast to the tiles (M11).

    slots: issued slots. vectors: operand vectors read for them. entries: outputs computed.
    active_slots: slots with an active lane.
    ideal, fullest_lane: what `ideal` would issue, and the entries of the fullest lane (M14).
    """

    slots: Counts
    vectors: Counts
    entries: Counts
    active_slots: Counts
    ideal: Counts
    fullest_lane: Counts


def dense_issue(tiling: Tiling, columns: int) -> Issue:
    """Return the issue of a dense pass: every slot, and every lane full. Source: MODEL.md M11."""
    slots = tiling.window_slots[None, None, None, :]
    return Issue(
        slots=slots,
        vectors=slots,
        entries=tiling.outputs,
        active_slots=slots,
        ideal=-(-tiling.outputs // columns),
        fullest_lane=slots,
    )


def sparse_issue(rows: Words, lanes: Counts, tiling: Tiling, arch: ArchConfig) -> Issue:
    """Return what the design's LSB scheduler issues for a mask.

    rows: uint64 (batches, lanes, words) of `mapping.scheduler_rows`. lanes: int64, their order.
    Source: MODEL.md M11 to M14.
    """
    bounds, lsb = tiling.bounds, arch.lsb
    counts = activity(rows, lanes, *bounds)
    active, entries = tiling.by_tile(counts[..., 0]), tiling.by_tile(counts[..., 1])
    ideal = -(-entries // arch.array.columns)
    dense = np.broadcast_to(tiling.window_slots, active.shape)
    match lsb.scheduler:
        case "dense":
            slots, vectors = dense, dense
        case "skip":
            slots, vectors = active, active
        case "combine":
            issued = combine(rows, lanes, *bounds, lsb.ways, lsb.open)
            slots, vectors = tiling.by_tile(issued), active
        case "queue":
            issued = queue(rows, lanes, *bounds, lsb.depth, lsb.scan)
            slots, vectors = tiling.by_tile(issued), entries
        case "ideal":
            slots, vectors = ideal, active
    fullest = tiling.by_tile(fullest_lane(rows, lanes, *bounds))
    return Issue(slots, vectors, entries, active, ideal, fullest)
