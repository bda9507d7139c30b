"""The search for the nest of a layer whose passes are all dense (MODEL.md M41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import Nest
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import WorkStore
from pgsim.model.search.goal import Goal
from pgsim.model.search.orders import nest_of
from pgsim.model.search.problem import problem_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_MOST_TIES = 1024
_SHORTLIST = 32
MOST_BLOCKS = 2**20  # of a run and group


def dense_nest(job: Job, goal: Goal, fixed: Cost, block: Block, store: WorkStore) -> Nest | None:
    """Return the nest that costs a batch least, None where none costs as little as the fixed order.

    fixed: what a batch costs in the fixed order. block, store: of no use to a layer without a mask.
    """
    from pgsim.kernels.nest_choices import bounds  # Numba: only if nests are searched
    from pgsim.kernels.nest_problem import Found
    from pgsim.kernels.nest_search import try_all

    found = Found(
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros(1, np.int64),
        np.zeros(2, np.int64),
    )
    problem = problem_of(job, goal)
    choices, least = bounds(problem, MOST_BLOCKS, 4096, fixed.value)
    values = goal.values(least)
    early = shortlist(values)
    best = try_all(problem, choices[early], fixed, found)
    late = values <= best.value
    late[early] = False
    try_all(problem, choices[late], best, found)
    count = int(found.counted[0])
    ties = [
        nest_of(job, problem.loops.blocks, order, picks)
        for order, picks in zip(found.orders[:count], found.picks[:count], strict=True)
    ]
    return min(ties, key=lambda each: each.tie, default=None)


def shortlist(values: np.ndarray) -> Counts:
    """Return the places of a few of the least bounds.

    They come first: where a good nest is known, others are skipped.
    """
    if values.size <= _SHORTLIST:
        return np.arange(values.size)
    places: Counts = np.argpartition(values, _SHORTLIST)[:_SHORTLIST]
    return places[np.argsort(values[places], kind="stable")]
