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
from search_cases import SearchCase, blocks_that_fit, search_case, steered_case

from pgsim.arch import LOOPS
from pgsim.kernels.nest_bound import bound_of, compulsory_bits, least_cost
from pgsim.kernels.nest_choices import bounds
from pgsim.kernels.nest_cost import needs, trips_of
from pgsim.kernels.nest_search import _add_loop, _stalls_at_least
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.blocks import Block
from pgsim.model.mask_work import WorkStore
from pgsim.model.search.gated import bounds_of, bursts_of
from pgsim.model.search.problem import problem_of
from pgsim.model.search.windows import Windows

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
    choices, _ = bounds(problem, ALL_BLOCKS, 1)
    found = [blocks_of(problem, picks) for picks in choices]
    assert len(found) == len(set(found))
    assert set(found) == set(blocks_that_fit(case))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_of_a_dense_layer_is_over_a_cost(seed: int) -> None:
    rng, case = Random(seed), search_case(seed, gated=False)
    problem = problem_of(case.job, case.goal("energy"))
    choices, least = bounds(problem, ALL_BLOCKS, 1)
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        picks = choices[place].astype(np.int64)
        bound = bound_of(problem, picks)
        for _ in range(3):
            order = rng.sample(range(5), 5)
            cost = cost_of_order(case, problem, order, picks)
            assert not is_over(*least[place, :3], cost), (order, picks)
            for depth, bits in enumerate(bits_by_depth(problem, picks, order)):
                each = least_cost(problem, bound, bits, 0, 0)
                found = (each.cycles, each.bursts, each.energy_pj)
                assert not is_over(*found, cost), (order, picks, depth)
            if not problem.order.one_buffer and problem.machine.runs == 1:
                stalls = _stalls_at_least(problem, np.array(order), picks)
                each = least_cost(problem, bound, bits, 0, stalls)
                found = (each.cycles, each.bursts, each.energy_pj)
                assert not is_over(*found, cost), (order, picks, stalls)


def bits_by_depth(problem, picks, order) -> list[np.ndarray]:
    """What a nest moves at least, as far as its loops are known, from the innermost on."""
    trips, extents = trips_of(problem.loops, picks), needs(problem.loops, picks)
    footprints, bits = np.ones((6, 3), np.float64), np.zeros((6, 4), np.float64)
    bits[0], inside = compulsory_bits(problem), np.zeros((6, 5), np.bool_)
    for operand in range(3):
        footprints[0, operand] = extents[1][operand].prod()
    moving = [loop for loop in reversed(order) if trips[loop] > 1]
    for depth, loop in enumerate(moving):
        _add_loop(problem, picks, trips, extents, loop, depth, footprints, bits, inside)
    return list(bits[: len(moving) + 1])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_of_a_gated_layer_is_over_a_cost(seed: int) -> None:
    """Bounds of the leading passes, with what the masks add to them step by step."""
    rng, case = Random(seed), steered_case(seed, batches=1 + seed % 2)
    job, goal = case.job, case.goal("energy")
    batches = case.images // job.batch
    windows = Windows(job, goal, Block(0, job.batch, batches, 0), WorkStore(limit_bytes=0))
    problem = problem_of(job, goal)
    choices, least = bounds_of(job, problem)
    least = windows.with_trailing(least * batches, windows.ideal_cycles)
    moved = windows.with_bursts(least, bursts_of(job, problem, choices) * batches)
    for place in rng.sample(range(len(choices)), min(12, len(choices))):
        picks = choices[place].astype(np.int64)
        sizes = blocks_of(problem, picks)
        row = moved[place : place + 1].copy()
        row[:, 2] += windows.trailing_pj(np.array(sizes[4:]))
        fullest = windows.with_trailing(row, windows.fullest_cycles(np.array([sizes])))
        own = [least[place], row[0], fullest[0], windows.with_issued(fullest, sizes)[0]]
        for order in rng.sample(list(permutations(range(4))), 3):
            cost = cost_of_order(case, problem, (*order, 4), picks)
            for each in own:
                assert not is_over(*each[:3], cost), (order, picks)
