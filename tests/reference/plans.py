"""M11: what the passes of a tile issue, under whichever mask."""

from __future__ import annotations

from .mapping import Job, LayerMask, Tile, TilePass, TilePlan, folds_of
from .pixels import plan_of_pixels
from .schedulers import everything, schedule


def plan_tile(job: Job, tile: Tile, masks: LayerMask | None) -> TilePlan:
    """M11: what every pass of a tile issues: the gated ones all the same, under one mask."""
    mask, all_of_it = None, everything(len(tile.slots), len(tile.lanes))
    under_mask = all_of_it
    if job.gated_inputs:
        assert masks is not None, "a gated pass needs a mask"
        return plan_of_pixels(job, tile, masks)
    if job.gated:
        assert masks is not None, "a gated pass needs a mask"
        mask = tile.mask(job.layer, masks)
        under_mask = schedule(mask, job.arch["lsb"], job.columns)
    passes = []
    for index, one in enumerate(job.passes):
        issue = under_mask if one.gated else all_of_it
        passes.append(TilePass(index, issue, folds_of(job, tile, index, issue), job.reduction))
    return TilePlan(tile, mask, passes)
