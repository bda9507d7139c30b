"""The search for the nest of a layer whose passes are all dense (MODEL.md M41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pgsim.mapping import Nest
from pgsim.model.job import Job
from pgsim.model.search.goal import Goal
from pgsim.model.search.orders import nest_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Problem

_MOST_TIES = 1024
MOST_BLOCKS = 2**20  # of a run and group


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
    least = with_bursts(problem, least, refined(problem, picks, compulsory, False))
    volumes = np.prod([problem.loops.blocks[loop, picks[:, loop]] for loop in range(5)], axis=0)
    best_first = np.lexsort((-volumes, goal.values(least)))
    try_all(problem, picks[best_first], least[best_first], compulsory, fixed, found)
    count = int(found.counted[0])
    ties = [
        nest_of(job, problem.loops.blocks, order, picks)
        for order, picks in zip(found.orders[:count], found.picks[:count], strict=True)
    ]
    return min(ties, key=lambda each: each.tie, default=None)
