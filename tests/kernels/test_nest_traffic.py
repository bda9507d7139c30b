"""What nests move, against blocks fetched one by one, and by hand (M40, M41)."""

from __future__ import annotations

import os
from itertools import product
from math import prod
from random import Random

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import PICKS, pieces, point_loops, problem

from pgsim.kernels import nest_traffic, nests

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ALL_BLOCKS = 2**62
MATTER = ((0, 1, 2, 4), (3, 4), (0, 1, 2, 3))  # loops: of activations, of weights, of sums


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_traffic, nests)


def held_outside(order, sizes, blocks, operand: int, fits: int) -> int:
    """The fewest loops outside of which all of an operand that is inside of them fits."""
    for depth in range(6):
        inside = order[depth:]
        sides = [sizes[loop] if loop in inside else blocks[loop] for loop in MATTER[operand]]
        if prod(sides) <= fits:
            return depth
    raise AssertionError("no block fits")


def fetched(order, sizes, blocks, operand: int, fits: int) -> dict[tuple[int, ...], int]:
    """The elements that each block fetches, by the numbers of the block.

    What is held is fetched anew whenever a loop outside of it goes on. Sums are fetched by all but
    the first block of input channels, where a block of another output comes before the next.
    """
    depth = held_outside(order, sizes, blocks, operand, fits)
    cut = [pieces(size, block) for size, block in zip(sizes, blocks, strict=True)]
    found, seen = {}, set()
    for places in product(*(range(len(cut[loop])) for loop in order)):
        at = dict(zip(order, places, strict=True))
        what = (places[:depth], tuple(at[loop] for loop in MATTER[operand]))
        elements = prod(cut[loop][at[loop]] for loop in MATTER[operand])
        comes_back = at[4] > 0 and order.index(4) < depth
        new = comes_back if operand == 2 else what not in seen
        seen.add(what)
        found[tuple(at[loop] for loop in range(5))] = elements if new else 0
    return found


@pytest.mark.parametrize("seed", range(30))
def test_each_operand_is_fetched_when_what_is_held_changes(seed: int, plain: None) -> None:
    """Block by block, of a layer of one tap in any order and buffers of any size."""
    rng = Random(seed)
    sizes = [rng.randint(1, 5) for _ in range(5)]
    blocks = [rng.randint(1, size) for size in sizes]
    order = rng.sample(range(5), 5)
    fits = [
        rng.choice([prod(blocks[each] for each in own), prod(sizes[each] for each in own), 12])
        for own in MATTER
    ]
    fits = [max(fit, prod(blocks[each] for each in own))
            for fit, own in zip(fits, MATTER, strict=True)]  # fmt: skip
    loops = point_loops(sizes, blocks)
    loops = loops._replace(fit_activations=fits[0], fit_weights=fits[1], fit_sums=fits[2])
    own = nest_traffic.picked(loops, PICKS)
    moves = nest_traffic.moves_of(loops, PICKS, own, np.array(order))
    factors = nest_traffic.factors_of(loops, PICKS, own, np.array(order), moves)
    bits = nest_traffic.bits_of(problem(loops), moves, np.array([0, 0, 0, 1000.0]))
    for operand in range(3):
        expected = fetched(order, sizes, blocks, operand, fits[operand])
        assert moves.held[operand] == held_outside(order, sizes, blocks, operand, fits[operand])
        assert bits[operand] == sum(expected.values())
        if operand == 2:  # of sums, factors say how large they are
            continue
        for at, elements in expected.items():
            assert prod(int(factors[operand, loop, at[loop]]) for loop in range(5)) == elements
    assert moves.spills == (bits[2] > 0)
    assert bits[3] == 1000 + bits[2]


@pytest.mark.parametrize(
    ("order", "fits", "rows"),
    [
        # Blocks of 2 output rows reach 4, 4 and 3 of 7 rows, of which 4, 2 and 1 are new.
        ((1, 3, 0, 2, 4), 7, [4, 2, 1]),  # all rows fit
        ((1, 3, 0, 2, 4), 4, [4, 4, 3]),  # one block does, inside of the rows
        ((3, 1, 0, 2, 4), 7, [4, 2, 1]),
    ],
)
def test_rows_that_two_blocks_reach_come_once_where_they_are_held(
    order: tuple[int, ...], fits: int, rows: list[int], plain: None
) -> None:
    """By hand: three taps, five output rows, two channels one by one."""
    loops = point_loops((1, 5, 1, 2, 1), (1, 2, 1, 1, 1))
    reaches = np.zeros((2, 2, 3), np.int64)
    reaches[0], reaches[1, :, 0] = ((4, 4, 3), (4, 2, 1)), 1
    sides = np.array([[4, 1], [4, 1], [11, 1], [0, 0]]).reshape(4, 2, 1)
    loops = loops._replace(reaches=reaches, sides=sides, union_rows=7, fit_activations=fits)
    own = nest_traffic.picked(loops, PICKS)
    assert own.trips.tolist() == [1, 3, 1, 2, 1]
    assert (own.whole[0].tolist(), own.block[0].tolist()) == ([1, 7, 1, 1, 1], [1, 4, 1, 1, 1])
    moves = nest_traffic.moves_of(loops, PICKS, own, np.array(order))
    factors = nest_traffic.factors_of(loops, PICKS, own, np.array(order), moves)
    assert factors[0, 1].tolist() == rows
    assert (moves.summed[0, 1], moves.first[0, 1]) == (sum(rows), 4)


@pytest.mark.parametrize(("stays", "runs", "times"), [(False, 3, 1), (True, 4, 1 / 4)])
def test_any_nest_moves_what_is_compulsory(
    stays: bool, runs: int, times: float, plain: None
) -> None:
    """By hand: of weights that stay, a run of a batch has its share of the first run's."""
    own = problem(point_loops((1, 1, 1, 1, 1), (1, 1, 1, 1, 1)))
    own = own._replace(machine=own.machine._replace(weights_stay=stays, runs=runs))
    compulsory = np.array([10.0, 200.0, 0.0, 3000.0])
    assert nest_traffic.always_bits(own.machine, compulsory) == 3010 + 200 * times
