"""No bound of block sizes is over what a nest costs, and no block that fits is left out (M41).

What nests cost is counted by the simulation of their blocks. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_bound.py
"""

from __future__ import annotations

import os
from itertools import count
from random import Random

import numpy as np
import pytest
from dense_picks import blocks_of, is_over, nest_of
from search_cases import SearchCase, blocks_that_fit, search_case

from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_bursts import compulsory_bits
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "20"))
ALL_BLOCKS = 2**62


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_all_blocks_that_fit_are_looked_at(seed: int, gated: bool) -> None:
    case = search_case(seed, gated=gated)
    problem = problem_of(case.job, case.goal("energy"))
    choices = choices_of(problem, ALL_BLOCKS).picks()
    found = [blocks_of(problem, picks) for picks in choices]
    assert len(found) == len(set(found))
    assert set(found) == set(blocks_that_fit(case))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_of_a_dense_layer_is_over_a_cost(seed: int) -> None:
    case = search_case(seed, gated=False)
    case = case.with_changes({"memory.ports": ("slots", "all")[seed % 2]})
    assert not _over(case, Random(seed))


@pytest.mark.parametrize("seed", range(4))
def test_none_is_where_later_steps_find_their_weights_on_chip(seed: int) -> None:
    """The first block of a later step opens with less than that of the first (M41)."""
    drawn = (search_case(each, gated=False) for each in count(1000 * seed))
    case = next(each for each in drawn if each.job.shape.runs_per_batch > 1)
    assert not _over(case.with_changes({"memory.weight_sram.kib": 1}), Random(seed))


def _over(case: SearchCase, rng: Random) -> list[tuple[list[int], list[int]]]:
    """Return orders and picks whose nests cost less than is known of their choices."""
    problem, found = problem_of(case.job, case.goal("energy")), []
    every = choices_of(problem, ALL_BLOCKS)
    choices, best = every.likely(problem, compulsory_bits(problem), np.inf)
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        for _ in range(3):
            order = rng.sample(range(5), 5)
            cost = case.cost(nest_of(case, problem, order, choices[place]))
            if is_over(*best[place, :3], cost):
                found.append((order, choices[place].tolist()))
    return found
