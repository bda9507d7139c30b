"""What a pass issues in every tile: all slots, or what the scheduler makes of the mask."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch import Counts, even_shortfalls
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model.mask_work import MaskWork


@dataclass(frozen=True)
class Issue:
    """What one pass issues, int64 arrays that broadcast to the tiles (M11).

    slots: issued slots. vectors: operand vectors read for them. entries: outputs computed.
    active_slots: slots with an active lane.
    ideal, fullest_lane: what `ideal` would issue, and the entries of the fullest lane (M14).
    shortfall_bits: of each of the pass's port rates (`model.ports`), by how many bits the port is
    behind at most at the end of any beat, were it never waited for; negative if it is ahead.
    """

    slots: Counts
    vectors: Counts
    entries: Counts
    active_slots: Counts
    ideal: Counts
    fullest_lane: Counts
    shortfall_bits: tuple[Counts, ...]


def dense_issue(tiling: Tiling | BlockTiles, columns: int, rates: Counts) -> Issue:
    """Return the issue of a dense pass: every slot, and every lane full.

    rates: of the ports, int64 (rates, 3) of `ports.SlotReads`. Source: MODEL.md M11.
    """
    slots = tiling.tile_slots
    return Issue(
        slots=slots,
        vectors=slots,
        entries=tiling.outputs,
        active_slots=slots,
        ideal=-(-tiling.outputs // columns),
        fullest_lane=slots,
        shortfall_bits=even_shortfalls(slots, rates),
    )


def gated_issue(work: MaskWork, rates: Counts) -> Issue:
    """Return what the design's scheduler issues for a mask.

    rates: of the ports, int64 (rates, 3) of `ports.SlotReads`. Source: MODEL.md M11 to M14.
    """
    by_tile = work.tiling.by_tile
    active, entries, fullest = map(by_tile, work.activity)
    issued = work.issued(rates)
    return Issue(
        slots=by_tile(issued.slots),
        vectors=by_tile(issued.vectors),
        entries=entries,
        active_slots=active,
        ideal=-(-entries // work.job.arch.array.columns),
        fullest_lane=fullest,
        shortfall_bits=tuple(map(by_tile, issued.shortfall_bits)),
    )
