"""The search for the nest of a layer whose passes are all dense (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import Nest
from pgsim.model.job import Job
from pgsim.model.search.bounds import MOST_BLOCKS, tiles_fit
from pgsim.model.search.goal import Goal
from pgsim.model.search.orders import nest_of
from pgsim.model.search.parts import parts

if TYPE_CHECKING:
    from pgsim.kernels.nest_bound import Choices
    from pgsim.kernels.nest_problem import Cost, Problem

_AT_FIRST = 256  # choices: what the best of them costs rules out most of the others
_TOGETHER = 8192  # others: what is known of so many stays in a processor's cache


def dense_nest(job: Job, problem: Problem, goal: Goal, fixed: Cost) -> tuple[Nest, Cost] | None:
    """Return the nest that costs a batch least, and what it costs.

    None where none costs as little as the fixed order. Times of DRAM of many digits may be some
    cycles longer, and PEs that stand still at zeros may take some energy more.

    problem: the layer as kernels take it. fixed: what a batch costs in the fixed order.
    """
    from pgsim.kernels.nest_bound import choices_of
    from pgsim.kernels.nest_bursts import compulsory_bits, most_bursts, with_bursts
    from pgsim.kernels.nest_problem import Found
    from pgsim.kernels.nest_search import refined, try_all  # Numba: only if nests are searched

    found = Found(*(np.zeros(size, np.int64) for size in (5, 5, 1, 2)))
    compulsory = compulsory_bits(problem)
    every, best = choices_of(problem, MOST_BLOCKS, fixed.value), fixed
    few, others = _few_and_the_rest(problem, every)
    for part in (few, *parts(others, _TOGETHER, 1)):
        some = every.some(part[every.values[part] <= best.value])
        known = some.least(problem)
        likely = np.flatnonzero(goal.values(known) <= best.value)
        picks, known = some.some(likely).picks(), known[likely]
        most = most_bursts(problem, known, best)
        known = with_bursts(problem, known, refined(problem, picks, compulsory, False, most))
        likely = np.flatnonzero(goal.values(known) <= best.value)
        likely = likely[tiles_fit(job, problem, picks[likely])]
        tried, known = picks[likely], known[likely]
        order = np.lexsort((-_volumes(problem, tried), goal.values(known)))
        best = try_all(problem, tried[order], known[order], compulsory, best, found)
    if not found.known[0]:
        return None
    return nest_of(job, problem.loops.blocks, found.order, found.picks), best


def _few_and_the_rest(problem: Problem, every: Choices) -> tuple[Counts, Counts]:
    """Return places of the choices that look best, and of all others, each in no order."""
    values = every.values
    if values.size <= _AT_FIRST:
        return np.arange(values.size), np.empty(0, np.int64)
    looks = values if np.ptp(values) > 0 else -_volumes(problem, every.picks())
    places = np.argpartition(looks, _AT_FIRST)
    return places[:_AT_FIRST], places[_AT_FIRST:]


def _volumes(problem: Problem, picks: Counts) -> Counts:
    """Return how large the blocks of choices are, int64 (choices,)."""
    sizes = (own.take(picks[:, loop]) for loop, own in enumerate(problem.loops.blocks))
    volumes: Counts = reduce(np.multiply, sizes)
    return volumes
