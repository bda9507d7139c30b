"""What the on-chip buffers hold, and so what is fetched once and what again (MODEL.md M22, M23)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgsim.arch import NOTHING, Counts
from pgsim.model.fetches import FETCHES, Bools, first
from pgsim.model.job import Job
from pgsim.model.passes import Timings

_WHOLE = np.ones((1, 1), np.int64)


def fetched_once(job: Job) -> Bools:
    """Say of each lane group whether the operands of its lanes are fetched once (M23)."""
    fetch = FETCHES[job.lane_operand.name]
    fits = fetch.lane_footprint_bits(job) <= fetch.usable_bits(job)
    return np.ones_like(fits) if job.operands_stay else fits


def lane_loads(job: Job, timings: Timings) -> list[Counts]:
    """Return how often each pass of a tile reads the operands of its lanes (M18, M22)."""
    first_tile = NOTHING
    if job.operands_stay:  # else nobody asks
        first_tile = first(job.tiling.window_slots.size)[None, None, None, :]
    return job.flow.lane_loads([each.folds for each in timings], first_tile, stay=job.operands_stay)


def sum_visits(job: Job, timings: Timings, once: Bools) -> tuple[Counts, ...]:
    """Return how often each pass's sums come to the output buffer.

    Once per reduction fold. Under `os` a window of several folds whose lane operands the buffer
    cannot hold takes the reduction in pieces that it can, one after the other over all folds, and
    the sums wait in between (M22). once: of `fetched_once`. Returns int64 each that broadcasts to
    (lane groups, windows).
    """
    flow, tiling = job.flow, job.tiling
    whole = tuple(flow.sum_visits(each.rate, _WHOLE) for each in timings)
    if not flow.sums_in_pes:  # they never wait for a piece
        return whole
    fold_slots = [flow.fold_slots(job.array_of(index).rows) for index in range(len(timings))]
    if int(tiling.window_slots[0]) <= min(fold_slots) or once.all():  # no window is cut
        return whole
    room = FETCHES[job.lane_operand.name].usable_bits(job)
    visits = []
    for each, slots in zip(timings, fold_slots, strict=True):
        in_pieces = ~once[:, None] & (tiling.window_slots > slots)
        bits = tiling.lane_group_lanes * job.shape.reduction * job.lane_operand.bits(each.plan)
        pieces = np.where(in_pieces, -(-bits // room)[:, None], 1)
        visits.append(flow.sum_visits(each.rate, pieces))
    return tuple(visits)


def finished_in_the_array(job: Job, timings: Timings, visits: Sequence[Counts]) -> Bools:
    """Say of each tile whether its sums are finished before they leave the array (M22).

    Those that another array adds to are not (M59).
    """
    if job.predicts:
        return np.zeros((1, 1, 1, 1), np.bool_)
    if len(timings) == 1:
        at_once: Bools = visits[0] == 1
        return at_once
    flow, scheduler = job.flow, job.arch.scheduler
    in_place = scheduler.keeps_slots_apart or not job.gated
    one_fold = job.tiling.tile_slots <= flow.fold_slots(job.array_of(0).rows)
    return one_fold & (flow.sums_in_pes and in_place)
