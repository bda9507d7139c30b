"""What is known of one nest is not over what it costs, and how many are tried one by one (M41).

What nests cost is counted by the simulation of their blocks. That the least of all is found is
tested with what calls these kernels, in tests/model/search/test_dense.py. Long runs ask for more
cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_search.py
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import permutations
from random import Random

import numpy as np
import pytest
from dense_picks import is_over, nest_of
from inner_kernels import called
from search_cases import search_case

from pgsim.arch import LOOPS, OBJECTIVES, Counts
from pgsim.kernels import nest_search, nest_traffic
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_bursts import compulsory_bits
from pgsim.kernels.nest_problem import OWN_PJ, Cost, Found
from pgsim.kernels.nest_search import try_all
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62
DEAR = Cost(1e18, 10**9, 10**9, 1e18, 0)

ends_of, least_cost, stalls_at_least = map(
    called,
    (nest_search._ends, nest_search._least_cost, nest_search._stalls_at_least),
)
bits_of, moves_of, picked = map(
    called, (nest_traffic.bits_of, nest_traffic.moves_of, nest_traffic.picked)
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_of_a_nest_is_over_its_cost(seed: int) -> None:
    rng, case = Random(seed), search_case(seed, gated=False)
    problem = problem_of(case.job, case.goal("energy"))
    every = choices_of(problem, ALL_BLOCKS)
    choices, least = every.picks(), every.least(problem)
    compulsory = compulsory_bits(problem)
    turns = problem.order
    waits = not (turns.one_buffer or turns.run_ahead) and problem.machine.runs == 1
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        picks = choices[place]
        own = picked(problem.loops, picks)
        for _ in range(3):
            order = np.array(rng.sample(range(5), 5))
            moves = moves_of(problem.loops, picks, own, order)
            bits = bits_of(problem, moves, compulsory)
            stalls = stalls_at_least(problem, order, picks, own, moves) if waits else 0
            moved = (bits, ends_of(problem.loops, problem.widths, picks, moves))
            own_pj = least[place, OWN_PJ] * (1 - 1e-9)  # a sum of floats
            each = least_cost(problem, own_pj, least[place], moved, stalls, 0)
            cost = case.cost(nest_of(case, problem, order, picks))
            found = (each.cycles, each.bursts, each.energy_pj)
            assert not is_over(*found, cost), (order, picks, stalls)


def canonical_orders(trips: np.ndarray) -> list[tuple[int, ...]]:
    """Every order of the loops that move; those of one block, which change nothing, come first."""
    still = [loop for loop in range(5) if trips[loop] == 1]
    moving = [loop for loop in range(5) if trips[loop] > 1]
    return [(*still, *each) for each in permutations(moving)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_of_one_choice_the_best_order_is_found(seed: int) -> None:
    """The first by its letters. Every order is simulated; nothing is known of them before."""
    rng, case = Random(seed), search_case(seed, gated=False)
    goal = rng.choice(sorted(OBJECTIVES))
    problem = problem_of(case.job, case.goal(goal))
    every = choices_of(problem, ALL_BLOCKS)
    choices, least = every.picks(), every.least(problem)
    trips = [picked(problem.loops, picks).trips for picks in choices]
    some = rng.sample(range(len(choices)), min(4, len(choices)))
    place = max(some, key=lambda each: (trips[each] > 1).sum())
    picks = choices[place]
    costs = {
        order: case.cost(nest_of(case, problem, order, picks))
        for order in canonical_orders(trips[place])
    }
    best = {
        order
        for order, cost in costs.items()
        if not any(other.is_less_than(cost, goal) for other in costs.values())
    }
    found = Found(*(np.zeros(size, np.int64) for size in (5, 5, 1, 2)))
    known = 0 * least[[place]]
    cost = try_all(problem, choices[[place]], known, compulsory_bits(problem), DEAR, found)
    assert found.known[0]
    assert found.picks.tolist() == picks.tolist()
    first = min(best, key=lambda order: letters(order, trips[place]))
    assert letters(found.order.tolist(), trips[place]) == letters(first, trips[place])
    expected = costs[first]
    assert (cost.cycles, cost.bursts) == (expected.cycles, expected.bursts)
    assert cost.energy_pj == pytest.approx(expected.energy_pj, rel=1e-9)
    assert found.tried[0] == 1
    assert 1 <= found.tried[1] <= len(costs)


def letters(order: Iterable[int], trips: Counts) -> str:
    """Its loops of several blocks."""
    return "".join(LOOPS[loop] for loop in order if trips[loop] > 1)
