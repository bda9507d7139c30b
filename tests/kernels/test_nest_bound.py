"""No bound of the search is over what a nest costs, and no block that fits is left out (M41).

What nests cost is counted by the simulation of their blocks. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_bound.py
"""

from __future__ import annotations

import os
from itertools import permutations
from random import Random

import numpy as np
import pytest
from search_cases import SearchCase, blocks_that_fit, search_case

from pgsim.arch import LOOPS
from pgsim.kernels.nest_bound import choices_of, compulsory_bits, with_bursts
from pgsim.kernels.nest_search import _least_cost, _stalls_at_least, refined
from pgsim.kernels.nest_traffic import bits_of, moves_of, picked
from pgsim.kernels.nests import Held, walk
from pgsim.mapping import Nest, loop_sizes, walk_of
from pgsim.model.search.goal import ENDLESS
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62
ROUNDED = 1 + 1e-9  # bounds are sums of floats


def blocks_of(problem, picks) -> tuple[int, ...]:
    return tuple(int(problem.loops.blocks[loop, pick]) for loop, pick in enumerate(picks))


def cost_of_order(case: SearchCase, problem, order, picks):
    letters = "".join(LOOPS[loop] for loop in order)
    sizes = loop_sizes(case.job.shape, case.job.batch)
    return case.cost(Nest(letters, sizes, blocks_of(problem, picks)))


def is_over(cycles, bursts, energy_pj, cost) -> bool:
    return (
        cycles > cost.cycles * ROUNDED
        or bursts > cost.bursts
        or energy_pj > cost.energy_pj * ROUNDED
    )


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_all_blocks_that_fit_are_looked_at(seed: int, gated: bool) -> None:
    case = search_case(seed, gated=gated)
    problem = problem_of(case.job, case.goal("energy"))
    choices, _ = choices_of(problem, ALL_BLOCKS)
    found = [blocks_of(problem, picks) for picks in choices]
    assert len(found) == len(set(found))
    assert set(found) == set(blocks_that_fit(case))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_of_a_dense_layer_is_over_a_cost(seed: int) -> None:
    rng, case = Random(seed), search_case(seed, gated=False)
    problem = problem_of(case.job, case.goal("energy"))
    choices, least = choices_of(problem, ALL_BLOCKS)
    compulsory = compulsory_bits(problem)
    best = with_bursts(problem, least, refined(problem, choices, compulsory, False, ENDLESS))
    waits = not problem.order.one_buffer and problem.machine.runs == 1
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        picks = choices[place]
        own = picked(problem.loops, picks)
        for _ in range(3):
            order = np.array(rng.sample(range(5), 5))
            cost = cost_of_order(case, problem, order, picks)
            assert not is_over(*best[place, :3], cost), (order, picks)
            moves = moves_of(problem.loops, picks, own, order)
            bits = bits_of(problem, moves, compulsory)
            stalls = _stalls_at_least(problem, order, picks, own, moves) if waits else 0
            each = _least_cost(problem, least[place], bits, stalls, 0)
            found = (each.cycles, each.bursts, each.energy_pj)
            assert not is_over(*found, cost), (order, picks, stalls)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_best_order_moves_the_least_that_any_moves(seed: int) -> None:
    """Orders are walked one by one. A burst is a bit, so that none carries anything else."""
    rng, case = Random(seed), search_case(seed, gated=False)
    problem = problem_of(case.job, case.goal("dram"))
    problem = problem._replace(widths=problem.widths._replace(burst=1))
    if problem.machine.weights_stay:
        return
    choices, _ = choices_of(problem, ALL_BLOCKS)
    compulsory = compulsory_bits(problem)
    for innermost in (False, True):
        least = refined(problem, choices, compulsory, innermost, ENDLESS)
        for place in rng.sample(range(len(choices)), min(10, len(choices))):
            picks = choices[place]
            own = picked(problem.loops, picks)
            orders = [
                order
                for order in permutations(range(5))
                if not innermost or order[-1] == 4 or own.trips[4] == 1
            ]
            bits = min(
                bits_of(
                    problem, moves_of(problem.loops, picks, own, np.array(each)), compulsory
                ).sum()
                for each in orders
            )
            runs = problem.machine.groups * problem.machine.runs
            assert least[place] == bits * runs


@pytest.mark.parametrize("seed", range(SEEDS))
def test_where_everything_fits_its_whole_bursts_are_known(seed: int) -> None:
    """Each element moves once then, whatever the order: blocks are walked one by one."""
    rng, case = Random(seed), search_case(seed, gated=False, most=6)
    changes = {f"memory.{each}_sram.kib": 64 for each in ("activation", "weight", "output")}
    case = case.with_changes(changes)
    problem = problem_of(case.job, case.goal("dram"))
    if problem.machine.weights_stay:
        return
    choices, _ = choices_of(problem, ALL_BLOCKS)
    least = refined(problem, choices, compulsory_bits(problem), False, ENDLESS)
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        sizes = loop_sizes(case.job.shape, case.job.batch)
        nest = Nest(LOOPS, sizes, blocks_of(problem, choices[place]))
        moved, _, _ = walk_of(case.job.shape, nest)
        _, bursts = walk(moved, Held(0, 0, 0), problem.widths)
        assert least[place] == bursts.sum() * problem.machine.groups * problem.machine.runs
