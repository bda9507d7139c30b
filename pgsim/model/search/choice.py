"""The nest of a layer: given, searched for, or the fixed order (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pgsim.arch import LOOPS
from pgsim.mapping import Nest
from pgsim.mapping.nest import loop_sizes
from pgsim.model.job import Job
from pgsim.model.ledger import Ledger
from pgsim.model.search.goal import Goal
from pgsim.model.search.problem import problem_of

_MOST_TIES = 1024
_SHORTLIST = 32
_MOST_BLOCKS = 2**20  # of a run and group


@dataclass(frozen=True)
class Choice:
    """The nest that a search chose, None where the fixed order won; and what was tried one by one.

    block_sizes: choices of block sizes that no bound ruled out. nests: whose cycles were counted.
    """

    nest: Nest | None
    block_sizes: int
    nests: int


def chosen_nest(job: Job, goal: Goal, fixed: Ledger) -> Choice:
    """Return the nest that costs a layer without a mask least.

    fixed: the ledger of one batch in the fixed order. Source: MODEL.md M41.
    """
    from pgsim.kernels.nest_bound import bounds  # Numba: only if nests are searched
    from pgsim.kernels.nest_problem import Found
    from pgsim.kernels.nest_search import try_all

    found = Found(
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros((_MOST_TIES, 5), np.int64),
        np.zeros(1, np.int64),
        np.zeros(2, np.int64),
    )
    problem = problem_of(job, goal)
    choices, values = bounds(problem, _MOST_BLOCKS, 4096)
    # A few of the least bounds come first: a good nest that is known lets others be skipped.
    early = (
        np.argpartition(values, _SHORTLIST)[:_SHORTLIST] if values.size > _SHORTLIST else slice(0)
    )
    best = try_all(problem, choices[early], goal.cost(fixed), found)
    late = values <= best.value
    late[early] = False
    try_all(problem, choices[late], best, found)
    block_sizes, nests = found.tried.tolist()
    ties = [
        _nest(job, problem.loops.blocks, order, picks)
        for order, picks in zip(
            found.orders[: found.count[0]], found.picks[: found.count[0]], strict=True
        )
    ]
    if not ties:
        return Choice(None, block_sizes, nests)
    # All that decides has been compared but the sizes one by one, and the order's letters.
    best = min(ties, key=lambda each: (tuple(-size for size in each.blocks), each.order))
    return Choice(best, block_sizes, nests)


def _nest(job: Job, blocks: np.ndarray, order: np.ndarray, picks: np.ndarray) -> Nest:
    """Return the nest of a search's picks, its order the first in the alphabet that is alike."""
    sizes = loop_sizes(job.shape, job.batch)
    n, p, q, k, c = (int(blocks[loop, pick]) for loop, pick in enumerate(picks))
    found = Nest("", sizes, (n, p, q, k, c))
    moving = [LOOPS[loop] for loop in order if found.trips[loop] > 1]
    return replace(found, order=alphabetical(moving))


def alphabetical(moving: list[str]) -> str:
    """Return all loops in the first order of the alphabet in which these keep theirs.

    Loops of one block may stand anywhere.

    Examples
    --------
    >>> alphabetical(["P", "K"])
    'CNPKQ'
    """
    still, left = sorted(set(LOOPS) - set(moving)), list(moving)
    order = ""
    while still or left:
        takes = still if still and (not left or still[0] < left[0]) else left
        order += takes.pop(0)
    return order
