"""Of orders that are alike, the first in the alphabet stands for all (MODEL.md M41)."""

from __future__ import annotations

from itertools import permutations
from random import Random

import numpy as np
import pytest
from designs import linear
from jobs import job_of
from search_cases import blocks_that_fit, candidates, first_in_the_alphabet, search_case

from pgsim.arch import LOOPS
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.search.orders import alphabetical, nest_of


@pytest.mark.parametrize("loops", range(6))
def test_loops_of_one_block_stand_where_the_alphabet_has_them_first(loops: int) -> None:
    """Of some loops in every order; all orders of the five are looked at one by one."""
    for moving in permutations(LOOPS, loops):
        assert alphabetical(moving) == first_in_the_alphabet(moving)


@pytest.mark.parametrize(
    ("order", "picks", "written", "blocks"),
    [
        # By hand: six rows in blocks of 3 and two channels in blocks of 1 move; the four input
        # channels are one block, as images and columns are.
        ("CKNPQ", (0, 1, 0, 1, 0), "CKNPQ", (1, 3, 1, 1, 4)),
        ("PQNKC", (0, 1, 0, 1, 0), "CNPKQ", (1, 3, 1, 1, 4)),
        # Input channels in blocks of 2 move inside of all rows.
        ("PKNQC", (0, 0, 0, 1, 1), "KCNPQ", (1, 6, 1, 1, 2)),
        # Nothing moves.
        ("QPNKC", (0, 0, 0, 0, 0), "CKNPQ", (1, 6, 1, 2, 4)),
    ],
)
def test_a_nest_has_the_sizes_that_were_picked(
    order: str, picks: tuple[int, ...], written: str, blocks: tuple[int, ...]
) -> None:
    job = job_of(linear(6, 4, 2, gate="none"))
    sizes = np.array([[1, 0, 0, 0], [6, 3, 2, 1], [1, 0, 0, 0], [2, 1, 0, 0], [4, 2, 1, 0]])
    own = nest_of(job, sizes, [LOOPS.index(loop) for loop in order], np.array(picks))
    assert own == Nest(written, (1, 6, 1, 2, 4), blocks)


@pytest.mark.parametrize("seed", range(6))
def test_the_order_that_stands_for_others_costs_what_they_do(seed: int) -> None:
    """Both nests are simulated, block by block."""
    rng, case = Random(seed), search_case(seed, gated=False)
    sizes = loop_sizes(case.job.shape, case.job.batch)
    every = [candidates(size)[::-1] for size in sizes]
    table = np.zeros((5, max(map(len, every))), np.int64)
    for own, each in zip(table, every, strict=True):
        own[: len(each)] = each
    fitting = list(blocks_that_fit(case))
    for blocks in rng.sample(fitting, min(5, len(fitting))):
        picks = np.array([own.index(size) for own, size in zip(every, blocks, strict=True)])
        letters = "".join(rng.sample(LOOPS, 5))
        found = nest_of(case.job, table, [LOOPS.index(each) for each in letters], picks)
        assert case.cost(found) == case.cost(Nest(letters, sizes, blocks)), (found, letters)
