"""M51: what other simulators would charge the folds of a run, one by one.

These are no machines that could be stepped: they count folds, and this does so too.
"""

from __future__ import annotations

from collections.abc import Sequence

from .mapping import Job, TilePlan


def array_cycles(job: Job, plans: Sequence[TilePlan]) -> int:
    """The cycles of one run but for ports and DRAM, of the convention that the design asks for."""
    charged = {"scalesim": _scale_sim, "stonne": _stonne}[job.arch["array"]["convention"]]
    waits = len(plans) * job.gate_latency_cycles if job.gated else 0
    return charged(job, plans) + waits


def _scale_sim(job: Job, plans: Sequence[TilePlan]) -> int:
    """Whole folds; where operands are held they go on over all windows of a lane group."""
    holds = job.dataflow in ("ws", "is")
    edge = job.rows + job.columns - 2 + (job.rows if holds else 0)
    begun: set[tuple[int, int, int]] = set()
    total = -job.layer.groups
    for plan in plans:
        for one in plan.passes:
            _, cycles = job.rate(one.index)
            total += sum(fold.steps * cycles for fold in one.folds)
            lane_group = (plan.tile.group, plan.tile.lane_group, one.index)
            if not (holds and lane_group in begun):
                total += len(one.folds) * edge
            if one.happens:
                begun.add(lane_group)
    return total


def _stonne(job: Job, plans: Sequence[TilePlan]) -> int:
    """Folds at their actual size."""
    total = 0
    for plan in plans:
        lanes = len(plan.tile.lanes)
        for one in plan.passes:
            _, cycles = job.rate(one.index)
            for fold in one.folds:
                used = len(fold.issue)
                total += fold.steps * cycles + used + lanes + 3 - (1 in (used, lanes))
    return total
