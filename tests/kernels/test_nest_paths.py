"""The best order of a nest's loops, against all orders one by one (M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_paths.py
"""

from __future__ import annotations

import os
from itertools import permutations
from random import Random

import numpy as np
import pytest
from inner_kernels import called
from search_cases import search_case

from pgsim.kernels import nest_traffic
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_bursts import compulsory_bits
from pgsim.kernels.nest_least import refined
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62

bits_of, moves_of, picked = map(
    called, (nest_traffic.bits_of, nest_traffic.moves_of, nest_traffic.picked)
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_best_order_moves_the_least_that_any_moves(seed: int) -> None:
    """Orders are walked one by one. A burst is a bit, so that none carries anything else."""
    rng, case = Random(seed), search_case(seed, gated=False)
    problem = problem_of(case.job, case.goal("dram"))
    problem = problem._replace(widths=problem.widths._replace(burst=1))
    if problem.machine.weights_stay:
        return
    choices = choices_of(problem, ALL_BLOCKS).picks()
    compulsory = compulsory_bits(problem)
    for innermost in (False, True):
        least = refined(problem, choices, compulsory, innermost)
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
