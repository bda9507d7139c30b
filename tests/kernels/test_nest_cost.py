"""What the search counts in a stream is what the ledger of the simulated nest has (M40, M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=5000 python -m pytest tests/kernels/test_nest_cost.py
"""

from __future__ import annotations

import os
from random import Random

import numpy as np
import pytest
from search_cases import Cost, SearchCase, search_case

from pgsim.arch import LOOPS
from pgsim.kernels.nest_bound import bound_of
from pgsim.kernels.nest_choices import bounds
from pgsim.kernels.nest_cost import cost_of
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "60"))
NEVER = 2**62  # cycles at which counting would end


def drawn(seed: int) -> tuple[SearchCase, np.ndarray, np.ndarray]:
    """A case, an order of its loops, and which of its sizes the block of each has."""
    rng, case = Random(seed), search_case(seed, gated=False, most=7)
    choices, _ = bounds(problem_of(case.job, case.goal("energy")), NEVER, 16)
    picks = choices[rng.randrange(len(choices))].astype(np.int64)
    return case, np.array(rng.sample(range(5), 5)), picks


def streamed(case: SearchCase, order: np.ndarray, picks: np.ndarray) -> Cost:
    problem = problem_of(case.job, case.goal("energy"))
    array_cycles = bound_of(problem, picks).array_cycles
    found = cost_of(problem, order, picks, array_cycles, NEVER)
    assert found.value == found.energy_pj
    return Cost(int(found.cycles), int(found.bursts), found.energy_pj)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_streamed_nest_costs_what_its_ledger_has(seed: int) -> None:
    case, order, picks = drawn(seed)
    blocks = problem_of(case.job, case.goal("energy")).loops.blocks
    own = tuple(int(blocks[loop, pick]) for loop, pick in enumerate(picks))
    letters = "".join(LOOPS[loop] for loop in order)
    nest = Nest(letters, loop_sizes(case.job.shape, case.job.batch), own)
    expected, found = case.cost(nest), streamed(case, order, picks)
    assert (found.cycles, found.bursts) == (expected.cycles, expected.bursts), nest
    assert found.energy_pj == pytest.approx(expected.energy_pj, rel=1e-9), nest
