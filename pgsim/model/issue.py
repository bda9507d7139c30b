"""What a pass issues in every tile: all slots, or what the scheduler makes of the mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import NOTHING, Counts, even_shortfalls
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model.mask_work import MaskWork

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads


class Issue(NamedTuple):
    """What one pass issues, int64 arrays that broadcast to the tiles (M11).

    slots: issued slots. vectors: operand vectors read for them. entries: outputs computed.
    active_slots: slots with an active lane.
    ideal, fullest_lane: what `ideal` would issue, and the entries of the fullest lane (M14).
    shortfall_bits: of each of the pass's port rates (`model.ports`), by how many bits the port is
    behind at most at the end of any beat, were it never waited for; negative if it is ahead.
    late_cycles: by how much the banks are late, where they are looked at (M43).
    """

    slots: Counts
    vectors: Counts
    entries: Counts
    active_slots: Counts
    ideal: Counts
    fullest_lane: Counts
    shortfall_bits: tuple[Counts, ...] = ()
    late_cycles: Counts = NOTHING


def dense_issue(
    tiling: Tiling | BlockTiles, columns: int, rates: Iterable[Sequence[int]] = ()
) -> Issue:
    """Return the issue of a dense pass: every slot, and every lane full.

    rates: of the ports, `fold_rates` of `ports.SlotReads`. Source: MODEL.md M11.
    """
    slots = tiling.tile_slots
    return Issue(
        slots=slots,
        vectors=slots,
        entries=tiling.outputs,
        active_slots=slots,
        ideal=-(tiling.outputs // -columns),
        fullest_lane=slots,
        shortfall_bits=even_shortfalls(slots, rates),
    )


def gated_issue(work: MaskWork, rates: Counts) -> Issue:
    """Return what the design's scheduler issues for a mask.

    rates: of the ports, int64 (rates, 3) of `ports.SlotReads`. Source: MODEL.md M11 to M14.
    """
    if work.job.gated_inputs:
        issue = issue_under_pixels(work)
        return issue._replace(shortfall_bits=even_shortfalls(issue.slots, rates))
    issued, by_tile = work.issued(rates), work.tiling.by_tile
    issue = _scheduled(work, issued.slots, issued.vectors)
    return issue._replace(shortfall_bits=tuple(map(by_tile, issued.shortfall_bits)))


def gated_issue_from_banks(work: MaskWork, reads: Reads) -> Issue:
    """Return what the scheduler issues for a mask, and how late the banks of its vectors are."""
    alike = work.job.gated_inputs
    issued = work.issued_alike_from_banks(reads) if alike else work.issued_from_banks(reads)
    issue = _scheduled(work, issued.slots, issued.vectors)
    return issue._replace(late_cycles=work.tiling.by_tile(issued.late_cycles))


def issue_under_pixels(work: MaskWork) -> Issue:
    """Return what the scheduler issues under a mask of input pixels, ports apart (M52)."""
    issued = work.issued_alike()
    return _scheduled(work, issued.slots, issued.vectors)


def _scheduled(work: MaskWork, slots: Counts, vectors: Counts) -> Issue:
    counts = (slots, vectors, *work.activity)
    alike = {id(each): work.tiling.by_tile(each) for each in counts}  # what is summed once
    slots, vectors, active, entries, fullest = (alike[id(each)] for each in counts)
    return Issue(
        slots=slots,
        vectors=vectors,
        entries=entries,
        active_slots=active,
        ideal=-(entries // -work.job.arch.array.columns),
        fullest_lane=fullest,
    )
