"""What the search counts in a stream is what the ledger of the simulated nest has (M40, M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=5000 python -m pytest tests/kernels/test_nest_cost.py
"""

from __future__ import annotations

import os
from math import inf
from random import Random

import numpy as np
import pytest
from inner_kernels import called
from search_cases import Cost, SearchCase, search_case

from pgsim.arch import LOOPS
from pgsim.kernels import nest_cost, nest_energy, nest_traffic
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_cost import Most
from pgsim.kernels.nest_problem import WORK_CYCLES, Problem
from pgsim.kernels.nest_problem import Cost as KernelCost
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "60"))
NEVER = 2**62  # cycles at which counting would end

counted, spent_pj, traffic_of, moves_of, picked = map(
    called,
    (
        nest_cost.cost_of,
        nest_energy.spent_pj,
        nest_cost.traffic_of,
        nest_traffic.moves_of,
        nest_traffic.picked,
    ),
)


def drawn(seed: int) -> tuple[SearchCase, np.ndarray, np.ndarray, int]:
    """A case, an order of its loops, which of its sizes the block of each has, least cycles."""
    rng, case = Random(seed), search_case(seed, gated=False, most=7)
    case = case.with_changes({"memory.ports": ("slots", "all")[seed % 2]})
    problem = problem_of(case.job, case.goal("energy"))
    every = choices_of(problem, NEVER)
    choices, least = every.picks(), every.least(problem)
    place = rng.randrange(len(choices))
    order = np.array(rng.sample(range(5), 5))
    return case, order, choices[place], int(least[place, WORK_CYCLES])


def cost_of(
    problem: Problem, order: np.ndarray, picks: np.ndarray, work_cycles: int, most: Most
) -> KernelCost:
    """What a nest costs, its blocks worked out by the kernels too."""
    own = picked(problem.loops, picks)
    moves = moves_of(problem.loops, picks, own, order)
    traffic = traffic_of(problem, order, picks, own, moves)
    own_pj = spent_pj(problem, picks, traffic)
    found: KernelCost = counted(problem, order, traffic, work_cycles, own_pj, most)
    return found


def streamed(case: SearchCase, order: np.ndarray, picks: np.ndarray) -> Cost:
    problem = problem_of(case.job, case.goal("energy"))
    found = cost_of(problem, order, picks, 0, Most(NEVER, NEVER))
    assert found.value == found.energy_pj
    return Cost(int(found.cycles), int(found.bursts), found.energy_pj)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_streamed_nest_costs_what_its_ledger_has(seed: int) -> None:
    case, order, picks, _ = drawn(seed)
    blocks = problem_of(case.job, case.goal("energy")).loops.blocks
    own = tuple(int(blocks[loop, pick]) for loop, pick in enumerate(picks))
    letters = "".join(LOOPS[loop] for loop in order)
    nest = Nest(letters, loop_sizes(case.job.shape, case.job.batch), own)
    expected, found = case.cost(nest), streamed(case, order, picks)
    assert (found.cycles, found.bursts) == (expected.cycles, expected.bursts), nest
    assert found.energy_pj == pytest.approx(expected.energy_pj, rel=1e-9), nest


@pytest.mark.parametrize("seed", range(SEEDS))
def test_counting_ends_only_where_a_nest_costs_more(seed: int) -> None:
    """It ends where what the array works at least in the blocks to come is too much."""
    case, order, picks, work_cycles = drawn(seed)
    problem, cycles = (
        problem_of(case.job, case.goal("latency")),
        streamed(case, order, picks).cycles,
    )
    enough, few = Most(cycles, NEVER), Most(cycles - 1, NEVER)
    assert cost_of(problem, order, picks, work_cycles, enough).cycles == cycles
    assert cost_of(problem, order, picks, work_cycles, few).value == inf


@pytest.mark.parametrize("seed", range(SEEDS))
def test_counting_ends_only_where_bursts_have_more_that_nobody_asked_for(seed: int) -> None:
    """What a nest asks for is what it moves in bursts of one bit."""
    case, order, picks, _ = drawn(seed)
    problem, moved = problem_of(case.job, case.goal("dram")), streamed(case, order, picks).bursts
    in_bits = problem._replace(widths=problem.widths._replace(burst=1))
    asked = cost_of(in_bits, order, picks, 0, Most(NEVER, NEVER)).bursts
    wasted = moved * problem.widths.burst - asked
    assert cost_of(problem, order, picks, 0, Most(NEVER, -1)).value == inf
    if problem.machine.runs == 1:  # else a part of it is wasted in each run
        assert cost_of(problem, order, picks, 0, Most(NEVER, wasted)).bursts == moved
        assert cost_of(problem, order, picks, 0, Most(NEVER, wasted - 1)).value == inf
