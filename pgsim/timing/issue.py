"""What a pass issues in every tile: all slots, or what an LSB scheduler makes of the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig
from pgsim.kernels.activity import activity
from pgsim.kernels.combine import Table, combine
from pgsim.kernels.queue import Fifos, queue
from pgsim.mapping import Counts, Tiling, Words


@dataclass(frozen=True)
class Issue:
    """What one pass issues, int64 arrays that broadcast to the tiles (M11).

    slots: issued slots. vectors: operand vectors read for them. entries: outputs computed.
    active_slots: slots with an active lane.
    ideal, fullest_lane: what `ideal` would issue, and the entries of the fullest lane (M14).
    shortfall_bits: of each of the pass's port rates (`timing.ports`), by how many bits the port is
    behind at most at the end of any beat, were it never waited for; negative if it is ahead.
    """

    slots: Counts
    vectors: Counts
    entries: Counts
    active_slots: Counts
    ideal: Counts
    fullest_lane: Counts
    shortfall_bits: tuple[Counts, ...]


def dense_issue(tiling: Tiling, columns: int, rates: Counts) -> Issue:
    """Return the issue of a dense pass: every slot, and every lane full.

    rates: of the ports, int64 (rates, 3) of `timing.ports.SlotReads`. Source: MODEL.md M11.
    """
    slots = tiling.window_slots[None, None, None, :]
    return Issue(
        slots=slots,
        vectors=slots,
        entries=tiling.outputs,
        active_slots=slots,
        ideal=-(-tiling.outputs // columns),
        fullest_lane=slots,
        shortfall_bits=_even_shortfalls(slots, rates),
    )


def sparse_issue(
    rows: Words, lanes: Counts, tiling: Tiling, arch: ArchConfig, rates: Counts
) -> Issue:
    """Return what the design's LSB scheduler issues for a mask.

    rows: uint64 (batches, lanes, words) of `mapping.scheduler_rows`. lanes: int64, their order.
    rates: of the ports, int64 (rates, 3) of `timing.ports.SlotReads`. Source: MODEL.md M11 to M14.
    """
    bounds, lsb = tiling.bounds, arch.lsb
    counts = activity(rows, lanes, *bounds)
    active, entries, fullest = (tiling.by_tile(counts[..., kind]) for kind in range(3))
    ideal = -(-entries // arch.array.columns)
    dense = np.broadcast_to(tiling.window_slots, active.shape)
    match lsb.scheduler:
        case "dense":
            slots, vectors, shortfalls = dense, dense, _even_shortfalls(dense, rates)
        case "skip":
            slots, vectors, shortfalls = active, active, _even_shortfalls(active, rates)
        case "combine":
            issued = combine(rows, lanes, *bounds, Table(lsb.ways, lsb.open), rates)
            (slots, shortfalls), vectors = _by_tile(tiling, *issued), active
        case "queue":
            issued = queue(rows, lanes, *bounds, Fifos(lsb.depth, lsb.scan), rates)
            (slots, shortfalls), vectors = _by_tile(tiling, *issued), entries
        case "ideal":
            slots, vectors, shortfalls = ideal, active, ()
    return Issue(slots, vectors, entries, active, ideal, fullest, shortfalls)


def _by_tile(
    tiling: Tiling, slots: Counts, shortfalls: Counts
) -> tuple[Counts, tuple[Counts, ...]]:
    """Bring issued slots, and the shortfalls of each rate, into the order of tiles."""
    return tiling.by_tile(slots), tuple(tiling.by_tile(each) for each in shortfalls)


def _even_shortfalls(slots: Counts, rates: Counts) -> tuple[Counts, ...]:
    """Return the shortfalls of issued slots that read one vector each.

    They grow or shrink from beat to beat alike, so the first, short beat or the last one has the
    largest.
    """
    shortfalls = []
    for beat_slots, vector_bits, beat_port_bits in rates.tolist():
        beats = -(-slots // beat_slots)
        first_slots = slots - (beats - 1) * beat_slots
        in_first = first_slots * vector_bits - beat_port_bits
        in_last = slots * vector_bits - beats * beat_port_bits
        shortfalls.append(np.maximum(in_first, in_last))
    return tuple(shortfalls)
