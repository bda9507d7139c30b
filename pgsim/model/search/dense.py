"""The search for the nest of a layer whose passes are all dense (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import Nest
from pgsim.model.job import Job
from pgsim.model.search.bounds import MOST_BLOCKS, tiles_fit
from pgsim.model.search.goal import ALIKE, Goal
from pgsim.model.search.orders import nest_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_bound import Choices
    from pgsim.kernels.nest_problem import Cost, Problem

_AT_FIRST = 256  # choices: what the best of them costs rules out most of the others
_TOGETHER = 8192  # others: what is known of so many stays in a processor's cache


def dense_nest(job: Job, problem: Problem, goal: Goal, fixed: Cost) -> tuple[Nest, Cost] | None:
    """Return the nest that costs a batch least, and what it costs.

    None where none costs as little as the fixed order. Times of DRAM of many digits may be some
    cycles longer.

    problem: the layer as kernels take it. fixed: what a batch costs in the fixed order.
    """
    from pgsim.kernels.nest_bound import choices_of
    from pgsim.kernels.nest_bursts import compulsory_bits
    from pgsim.kernels.nest_problem import Found
    from pgsim.kernels.nest_search import try_all  # Numba: only if nests are searched

    found = Found(*(np.zeros(size, np.int64) for size in (5, 5, 1, 2)))
    compulsory = compulsory_bits(problem)
    every, best = choices_of(problem, MOST_BLOCKS, fixed.value * ALIKE), fixed
    few, left = _few_and_the_rest(problem, every)
    while few.size:
        picks, known = every.some(few).likely(problem, compulsory, best.value * ALIKE)
        if len(picks):
            fits = tiles_fit(job, problem, picks)
            picks, known = picks[fits], known[fits]
            order = np.lexsort((-_volumes(problem, picks), goal.values(known)))
            best = try_all(problem, picks[order], known[order], compulsory, best, found)
        left = left[every.values[left] <= best.value * ALIKE]
        few, left = left[:_TOGETHER], left[_TOGETHER:]
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
