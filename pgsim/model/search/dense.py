"""The search for the nest of a layer whose passes are all dense (MODEL.md M41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import Nest
from pgsim.model.job import Job
from pgsim.model.search.bounds import MOST_BLOCKS, tiles_fit
from pgsim.model.search.goal import Floats, Goal
from pgsim.model.search.orders import nest_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Problem

_MOST_TIES = 1024
_AT_FIRST = 256  # choices: what the best of them costs rules out most of the others


def dense_nest(job: Job, problem: Problem, goal: Goal, fixed: Cost) -> Nest | None:
    """Return the nest that costs a batch least, None where none costs as little as the fixed order.

    problem: the layer as kernels take it. fixed: what a batch costs in the fixed order.
    """
    from pgsim.kernels.nest_bound import choices_of, compulsory_bits, with_bursts
    from pgsim.kernels.nest_problem import Found
    from pgsim.kernels.nest_search import refined, try_all  # Numba: only if nests are searched

    found = Found(
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros(1, np.int64),
        np.zeros(2, np.int64),
    )
    compulsory = compulsory_bits(problem)
    picks, least = choices_of(problem, MOST_BLOCKS, fixed.value)
    volumes = np.prod([problem.loops.blocks[loop, picks[:, loop]] for loop in range(5)], axis=0)
    best = fixed
    for part in _few_and_the_rest(goal.values(least), volumes):
        part = part[goal.values(least[part]) <= best.value]
        bursts = refined(problem, picks[part], compulsory, False, goal.most_bursts(best))
        known = with_bursts(problem, least[part], bursts)
        likely = np.flatnonzero(goal.values(known) <= best.value)
        likely = likely[tiles_fit(job, problem, picks[part[likely]])]
        likely = likely[np.lexsort((-volumes[part[likely]], goal.values(known[likely])))]
        tried = np.ascontiguousarray(picks[part[likely]])
        best = try_all(problem, tried, known[likely], compulsory, best, found)
    count = int(found.counted[0])
    ties = [
        nest_of(job, problem.loops.blocks, order, picks)
        for order, picks in zip(found.orders[:count], found.picks[:count], strict=True)
    ]
    return min(ties, key=lambda each: each.tie, default=None)


def _few_and_the_rest(values: Floats, volumes: Counts) -> tuple[Counts, Counts]:
    """Return places of the choices that look best, and of all others, each in no order."""
    if values.size <= _AT_FIRST:
        return np.arange(values.size), np.empty(0, np.int64)
    looks = values if np.ptp(values) > 0 else -volumes
    places = np.argpartition(looks, _AT_FIRST)
    return places[:_AT_FIRST], places[_AT_FIRST:]
