"""Bursts of choices of block sizes: what must be moved, what more costs, and how much may be.

By hand: a layer of 2 images of 3 x 4 pixels, 5 channels and 6 input channels, one burst of 64 bits
in 3/2 cycles.
"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from point_nests import point_loops, problem

from pgsim.kernels.nest_bursts import compulsory_bits, dram_cycles, most_bursts, with_bursts
from pgsim.kernels.nest_problem import BURST_PJ, CYCLE_PJ, Cost, Prices, Problem
from pgsim.kernels.nests import Widths

# Cycles, bursts, pJ, cycles but for DRAM, those of a run, in which DRAM rests, and pJ beside.
LEAST = np.array([[100.0, 40, 1000, 100, 100, 10, 0], [90.0, 40, 1000, 90, 90, 0, 0]])


def small(powers: tuple[int, int, int] = (1, 0, 0), burst_pj: float = 7.0) -> Problem:
    """Bursts read cost what is asked for, those written twice that, and a cycle 2 pJ."""
    pj = np.zeros(12)
    pj[CYCLE_PJ], pj[BURST_PJ : BURST_PJ + 3], pj[BURST_PJ + 3] = 2, burst_pj, 2 * burst_pj
    own = problem(point_loops((2, 3, 4, 5, 6), (1, 1, 1, 1, 1)))
    machine = own.machine._replace(burst_numerator=3, burst_denominator=2)
    widths = Widths(activation=3, weight=5, sums=32, output=7, burst=64)
    return own._replace(machine=machine, widths=widths, prices=Prices(*powers, pj))


def test_each_tensor_is_moved_once_at_least() -> None:
    """24 pixels of 6 channels of 3 bits, 30 weights of 5, 24 of 5 outputs of 7; no sums."""
    assert compulsory_bits(small()).tolist() == [24 * 6 * 3, 30 * 5, 0, 24 * 5 * 7]


def test_bursts_take_whole_cycles() -> None:
    """Three half cycles each."""
    assert dram_cycles(small().machine, np.array([0, 1, 2, 3, 4])).tolist() == [0, 2, 3, 5, 6]


def test_more_bursts_take_more_cycles_and_energy_where_dram_is_slower() -> None:
    """70 bursts take 105 cycles, and the first choice rests for 10 more: 15 cycles, 30 bursts."""
    known = with_bursts(small(), LEAST, np.array([70, 60]))
    assert known[:, 0].tolist() == [105 + 10, 90]
    assert known[:, 1].tolist() == [70, 60]
    assert known[:, 2] == pytest.approx([1000 + 30 * 7 + 15 * 2, 1000 + 20 * 7], rel=1e-6)
    assert (known[:, 2] < [1240, 1140]).all()  # a bound is not over a sum in another order


def test_no_fewer_bursts_are_known_than_before() -> None:
    assert with_bursts(small(), LEAST, np.array([1, 39])) == pytest.approx(LEAST)


def test_with_one_buffer_the_array_waits_for_every_burst() -> None:
    """60 of 3/2 cycles, beside the array's own."""
    own = small()
    own = own._replace(order=own.order._replace(one_buffer=True))
    assert with_bursts(own, LEAST, np.array([60, 60]))[:, 0].tolist() == [190, 180]


def test_what_may_be_moved_in_the_cycles_of_the_best() -> None:
    """In 190 of 200 cycles, and in all of them, at three half cycles a burst; one more is asked."""
    best = Cost(200.0, 0, 200, 0.0, 0)
    assert most_bursts(small(), LEAST, best).tolist() == [126 + 1, 133 + 1]


def test_what_may_be_moved_for_the_energy_of_the_best() -> None:
    """700 pJ more are 100 bursts of 7 pJ beside those 40; of energy times cycles, likewise."""
    best = Cost(1700.0, 0, 0, 0.0, 0)
    assert most_bursts(small((0, 0, 1)), LEAST, best).tolist() == [141, 141]
    best = Cost(1700.0 * 100, 0, 0, 0.0, 0)
    more = int(1700 * 100 / 90 - 1000) // 7
    assert most_bursts(small((1, 0, 1)), LEAST, best).tolist() == [141, 41 + more]


def test_a_dram_that_takes_no_time_moves_any_number() -> None:
    own = small()
    own = own._replace(machine=own.machine._replace(burst_numerator=0, burst_denominator=1))
    assert (most_bursts(own, LEAST, Cost(200.0, 0, 200, 0.0, 0)) >= 2**60).all()


def test_what_is_no_dearer_by_bursts_has_no_more_of_them() -> None:
    best = Cost(77.0, 77, 10**9, 1e9, 0)
    assert most_bursts(small((0, 1, 0)), LEAST, best).tolist() == [77, 77]


@pytest.mark.parametrize(("powers", "burst_pj"), [((1, 1, 0), 7.0), ((0, 0, 1), 0.0)])
def test_where_bursts_decide_nothing_alone_none_are_too_many(
    powers: tuple[int, int, int], burst_pj: float
) -> None:
    best = Cost(1.0, 1, 1, 1.0, 0)
    assert (most_bursts(small(powers, burst_pj), LEAST, best) >= 2**60).all()


@pytest.mark.parametrize("powers", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1)])
def test_what_costs_no_more_than_the_best_is_not_ruled_out(powers: tuple[int, int, int]) -> None:
    """With any number of bursts, as `with_bursts` says what they cost."""
    rng, own = Random(0), small(powers)
    for _ in range(200):
        bursts = np.array([rng.randrange(1, 400) for _ in LEAST])
        known = with_bursts(own, LEAST, bursts)
        values = np.prod(known[:, :3] ** np.array(powers), axis=1)
        for value, row in zip(values, known, strict=True):
            best = Cost(float(value), int(row[1]), int(row[0]), float(row[2]), 0)
            may = values <= value
            assert (bursts[may] <= most_bursts(own, LEAST, best)[may]).all()
