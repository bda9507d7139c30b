"""Which blocks fit, by hand, and what little of a choice has it cost: never over a cost (M41).

What nests cost is counted by the simulation of their blocks. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_fits.py
"""

from __future__ import annotations

import os
from random import Random

import numpy as np
import pytest
from dense_picks import nest_of
from search_cases import search_case

from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_fits import OF_LANE_CYCLES, Extents, Limits, Swept, Takes, Terms, fitting
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62
ROOMY = Limits(activations=100, sums=100, weights=100, blocks=100)
# Two sizes of input channels, three of positions, two of channels; trips below them, then reach.
# What lies between decides nothing here.
EXTENTS = Extents(
    np.array([[4, 2], [1, 2]]),
    np.array([[6, 3, 2], [1, 2, 3], *[[0, 0, 0]] * 4, [8, 5, 4]]),
    np.array([[5, 3], [1, 2]]),
)
ENDS = Swept(np.full(3, np.inf), np.full(2, np.inf), np.full(2, np.inf))
PLAIN = Terms(
    groups=2,
    runs=3,
    skew_cycles=7,
    bursts=10.0,
    moved_pj=40.0,
    burst_cycles=1.5,
    burst_pj=4.0,
    in_turn=False,
    cycle_pj=0.5,
    rounded=1.0,
    cycle_power=1,
    burst_power=0,
    energy_power=0,
)


def takes_of(positions: list[float], channels: list[float]) -> Takes:
    """The same of every choice of a side."""
    ones = np.ones((1, 2, 1))  # of each size of input channels
    return Takes(*(np.array(each)[:, None, None] * ones * np.ones(count)
                   for each, count in ((positions, 3), (channels, 2))))  # fmt: skip


# Cycles; pJ of groups, and cycles if ports are behind; the same of lanes; last; and wait.
TAKES = takes_of([2.0, 3.0, -1.0, 5.0, 0.5, 0.0, 4.0], [10.0, 10.0, 10.0, 20.0, 20.0, 0.0, 1.0])


def places(limits: Limits, most_value: float = np.inf) -> list[int]:
    found, values = fitting(EXTENTS, TAKES, ENDS, limits, PLAIN, most_value)
    assert found.size == values.size
    return found.tolist()


def test_a_choice_fits_all_buffers_and_has_few_blocks() -> None:
    """Of 12 choices, input channels outermost: elements, sums, weights and blocks, one by one."""
    assert places(ROOMY) == list(range(12))
    # 4 x 8, 4 x 5, 4 x 4, 2 x 8, 2 x 5 and 2 x 4 elements, each with two sizes of channels
    assert places(ROOMY._replace(activations=16)) == list(range(4, 12))
    # 30, 18, 15, 9, 10 and 6 sums
    assert places(ROOMY._replace(sums=10)) == [3, 4, 5, 9, 10, 11]
    # 20 and 12 weights of 4 input channels, 10 and 6 of 2
    assert places(ROOMY._replace(weights=12)) == [1, 3, 5, 6, 7, 8, 9, 10, 11]
    # 1, 2, 2, 4, 3 and 6 blocks, and twice as many
    assert places(ROOMY._replace(blocks=4)) == [0, 1, 2, 3, 4, 6, 7, 8]


@pytest.mark.parametrize(
    ("powers", "in_turn", "value"),
    [
        # 2 x 10 cycles in 2 groups less a wait of 4, 3 times, and 7; bursts take 15
        ((1, 0, 0), False, 115.0),
        ((1, 0, 0), True, 130.0),
        ((0, 1, 0), False, 10.0),
        # (3 x 10 + 5 x 20) pJ in 6 runs and groups, 115 cycles, and what bursts take
        ((0, 0, 1), False, 780 + 57.5 + 40),
        ((1, 0, 1), False, 115 * (780 + 57.5 + 40)),
    ],
)
def test_what_the_work_of_tiles_has_a_choice_cost(
    powers: tuple[int, int, int], in_turn: bool, value: float
) -> None:
    cycle, burst, energy = powers
    terms = PLAIN._replace(
        cycle_power=cycle, burst_power=burst, energy_power=energy, in_turn=in_turn
    )
    _, values = fitting(EXTENTS, TAKES, ENDS, ROOMY, terms, np.inf)
    assert values.tolist() == [value] * 12
    found, _ = fitting(EXTENTS, TAKES, ENDS, ROOMY, terms, value * (1 - 1e-6))
    assert found.size == 0


def test_ports_that_are_behind_take_longer_than_the_array() -> None:
    """2 x 20 - 10 cycles in 2 groups, where the array would take 20 less a wait of 4; 3 runs."""
    takes = Takes(TAKES.positions.copy(), TAKES.channels)
    takes.positions[OF_LANE_CYCLES] = 2.0
    _, values = fitting(EXTENTS, takes, ENDS, ROOMY, PLAIN, np.inf)
    assert values.tolist() == [3 * 2 * (40 - 10) + 7] * 12


def test_what_a_choice_moves_is_the_least_of_its_outermost_loops() -> None:
    """30 bursts under the one side, 20 or 90 under another, none of several blocks under a third.

    Bursts take 1.5 cycles and 4 pJ.
    """
    swept = Swept(np.array([np.inf, 90.0, 20.0]), np.array([np.inf, 30.0]), np.full(2, np.inf))
    terms = PLAIN._replace(cycle_power=0, burst_power=1)
    _, values = fitting(EXTENTS, TAKES, swept, ROOMY, terms, np.inf)
    assert values.tolist() == [10, 30, 90, 30, 20, 20] * 2
    _, values = fitting(EXTENTS, TAKES, swept, ROOMY, PLAIN, np.inf)
    assert values.tolist() == [115, 115, 135, 115, 115, 115] * 2
    terms = PLAIN._replace(cycle_power=0, energy_power=1)
    _, values = fitting(EXTENTS, TAKES, swept, ROOMY, terms, np.inf)
    at_first = 780 + 57.5 + 40
    more = [0, 80, 320 + 10, 80, 40, 40]  # 90 bursts take 20 cycles more than the array
    assert values.tolist() == [at_first + each for each in more] * 2


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_choice_is_taken_to_cost_more_than_its_nests(
    seed: int, objective: str, ports: str
) -> None:
    rng, case = Random(seed), search_case(seed, gated=False)
    case = case.with_changes({"memory.ports": ports})
    problem = problem_of(case.job, case.goal(objective))
    every = choices_of(problem, ALL_BLOCKS)
    picks = every.picks()
    for place in rng.sample(range(len(picks)), min(10, len(picks))):
        for _ in range(3):
            nest = nest_of(case, problem, rng.sample(range(5), 5), picks[place])
            assert every.values[place] <= case.cost(nest).value(objective) * (1 + 1e-9), nest
