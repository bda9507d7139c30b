"""What choices of block sizes cost at least if they move so much, by hand, and which may win.

That no bound is over a cost is tested in test_nest_bound.py, which asks simulations.
"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from inner_kernels import called
from point_nests import point_loops, problem
from search_cases import search_case

from pgsim.arch import OBJECTIVES
from pgsim.kernels import nest_least
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_bursts import compulsory_bits
from pgsim.kernels.nest_problem import Problem
from pgsim.kernels.nest_terms import terms_of
from pgsim.model.search.problem import problem_of

ALL_BLOCKS = 2**62

move = called(nest_least._move)


def moving(bursts: int, *, one_buffer: bool = False) -> list[float]:
    """Cycles, bursts and pJ of a choice that moves so many bursts, and 40 at least.

    The array takes 100 cycles, and DRAM rests in 10 of them. A burst takes 3/2 cycles and 7 pJ,
    a cycle 2 pJ, and all else 800.
    """
    own = _small(one_buffer)
    terms = terms_of(own)._replace(bursts=40.0, moved_pj=0.0, burst_pj=7.0, cycle_pj=2.0)
    row = np.array([0.0, 40, 0, 100, 100, 10, 800])
    move(own.machine, terms, bursts, row)
    found: list[float] = row[:3].tolist()
    return found


def _small(one_buffer: bool) -> Problem:
    own = problem(point_loops((2, 3, 4, 5, 6), (1, 1, 1, 1, 1)))
    machine = own.machine._replace(burst_numerator=3, burst_denominator=2)
    order = own.order._replace(one_buffer=one_buffer, run_ahead=False)
    return own._replace(machine=machine, order=order)


def test_more_bursts_take_more_energy_and_more_cycles_where_dram_is_slower() -> None:
    """60 bursts take 90 cycles beside the 10, and 70 take 105."""
    for bursts, cycles in ((60, 100), (70, 105 + 10)):
        pj = 800 + 2 * cycles + (bursts - 40) * 7
        found = moving(bursts)
        assert found == [cycles, bursts, pytest.approx(pj, rel=1e-9)]
        assert found[2] < pj  # a bound is not over a sum in another order


def test_no_fewer_bursts_are_known_than_before() -> None:
    assert moving(39) == moving(40) == [100, 40, pytest.approx(1000, rel=1e-9)]


def test_with_one_buffer_the_array_waits_for_every_burst() -> None:
    """60 of 3/2 cycles, beside the array's own."""
    assert moving(60, one_buffer=True)[0] == 190


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(4))
def test_all_are_likely_that_cost_no_more_than_so_much(seed: int, objective: str) -> None:
    """Which these are, what is known of all choices says."""
    rng, case = Random(seed), search_case(seed, gated=False)
    goal = case.goal(objective)
    own = problem_of(case.job, goal)
    every, compulsory = choices_of(own, ALL_BLOCKS), compulsory_bits(own)
    picks, least = every.likely(own, compulsory, np.inf)
    assert (picks == every.picks()).all()
    values = goal.values(least)
    for most in (values.min(), rng.choice(values.tolist())):
        found, costs = every.likely(own, compulsory, most)
        assert (found == picks[values <= most]).all()
        assert (costs == least[values <= most]).all()
