"""What whole bursts carry for nobody, block by block, and against what blocks move (M40, M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/kernels/test_nest_wasted.py
"""

from __future__ import annotations

import os
from itertools import product
from math import prod
from random import Random

import numpy as np
import pytest
from dense_picks import nest_of
from plain_python import in_plain_python
from point_nests import PICKS, pieces, point_loops, problem
from search_cases import search_case

from pgsim.kernels import nest_traffic, nest_wasted
from pgsim.kernels.nest_bound import choices_of
from pgsim.kernels.nest_bursts import compulsory_bits
from pgsim.kernels.nest_least import refined
from pgsim.kernels.nest_problem import Problem
from pgsim.kernels.nests import Held, Widths, walk
from pgsim.mapping import walk_of
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62
WIDTHS = Widths(activation=3, weight=5, sums=32, output=7, burst=64)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_traffic, nest_wasted)


def wasted(own: Problem, *, innermost: bool = False) -> tuple[int, int]:
    picked = nest_traffic.picked(own.loops, PICKS)
    weights, others = nest_wasted.wasted_bits(own.loops, own.widths, PICKS, picked, innermost)
    return int(weights), int(others)


@pytest.mark.parametrize("seed", range(12))
def test_each_block_is_filled_up_to_whole_bursts(seed: int, plain: None) -> None:
    """Block by block, of a layer of one tap: weights, outputs, and inputs where all of them fit."""
    rng = Random(seed)
    sizes = [rng.randint(1, 9) for _ in range(5)]
    blocks = [rng.randint(1, size) for size in sizes]
    cut = [pieces(size, block) for size, block in zip(sizes, blocks, strict=True)]

    def over(loops: tuple[int, ...], width: int) -> int:
        each = (prod(sides) * width for sides in product(*(cut[loop] for loop in loops)))
        return sum(-bits % WIDTHS.burst for bits in each)

    weights, outputs, inputs = over((3, 4), 5), over((0, 1, 2, 3), 7), over((0, 1, 2, 4), 3)
    own = problem(point_loops(sizes, blocks))._replace(widths=WIDTHS)
    assert wasted(own) == (weights, outputs + inputs)
    assert wasted(own, innermost=True) == (weights, outputs)
    fit = sizes[0] * sizes[1] * sizes[2] * sizes[4]
    for few in (0, 1):
        less = own._replace(loops=own.loops._replace(fit_activations=fit - few))
        assert wasted(less) == (weights, outputs + inputs * (1 - few))


def test_inputs_that_an_earlier_block_has_reached_do_not_come_again(plain: None) -> None:
    """By hand: blocks of rows bring 4, 2, 2 and 1 new ones of 3 bits in bursts of 8 bits.

    Of 12, 6, 6 and 3 bits are 4, 2, 2 and 5 wasted. A weight of 5 bits wastes 3, and four
    outputs of 7 waste 1 each.
    """
    loops = point_loops((1, 4, 1, 1, 1), (1, 1, 1, 1, 1))
    reaches = np.zeros((2, 2, 4), np.int64)
    reaches[0], reaches[1, :, 0] = ((4, 4, 4, 3), (4, 2, 2, 1)), 1
    own = problem(loops._replace(reaches=reaches))
    own = own._replace(widths=WIDTHS._replace(burst=8))
    assert wasted(own) == (3, 4 * 1 + 4 + 2 + 2 + 5)


def test_every_tap_has_a_weight(plain: None) -> None:
    """By hand: nine taps of 5 bits in bursts of 64 waste 19."""
    loops = point_loops((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), taps=9)
    assert wasted(problem(loops)._replace(widths=WIDTHS))[0] == 19


@pytest.mark.parametrize("seed", range(SEEDS))
def test_where_everything_fits_its_whole_bursts_are_known(seed: int) -> None:
    """Each element moves once then, whatever the order: blocks are walked one by one."""
    rng, case = Random(seed), search_case(seed, gated=False, most=6)
    changes = {f"memory.{each}_sram.kib": 64 for each in ("activation", "weight", "output")}
    case = case.with_changes(changes)
    problem = problem_of(case.job, case.goal("dram"))
    if problem.machine.weights_stay:
        return
    choices = choices_of(problem, ALL_BLOCKS).picks()
    least = refined(problem, choices, compulsory_bits(problem), False)
    for place in rng.sample(range(len(choices)), min(20, len(choices))):
        nest = nest_of(case, problem, range(5), choices[place])
        moved, _, _ = walk_of(case.job.shape, nest)
        _, bursts = walk(moved, Held(0, 0, 0), problem.widths)
        assert least[place] == bursts.sum() * problem.machine.groups * problem.machine.runs
