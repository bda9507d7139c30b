"""What any nest moves, and how long bursts take.

By hand: a layer of 2 images of 3 x 4 pixels, 5 channels and 6 input channels, one burst of 64 bits
in 3/2 cycles.
"""

from __future__ import annotations

import numpy as np
from point_nests import point_loops, problem

from pgsim.kernels.nest_bursts import compulsory_bits, dram_cycles
from pgsim.kernels.nest_problem import Problem
from pgsim.kernels.nests import Widths


def small() -> Problem:
    own = problem(point_loops((2, 3, 4, 5, 6), (1, 1, 1, 1, 1)))
    machine = own.machine._replace(burst_numerator=3, burst_denominator=2)
    widths = Widths(activation=3, weight=5, sums=32, output=7, burst=64)
    return own._replace(machine=machine, widths=widths)


def test_each_tensor_is_moved_once_at_least() -> None:
    """24 pixels of 6 channels of 3 bits, 30 weights of 5, 24 of 5 outputs of 7; no sums."""
    assert compulsory_bits(small()).tolist() == [24 * 6 * 3, 30 * 5, 0, 24 * 5 * 7]


def test_bursts_take_whole_cycles() -> None:
    """Three half cycles each."""
    assert dram_cycles(small().machine, np.array([0, 1, 2, 3, 4])).tolist() == [0, 2, 3, 5, 6]
