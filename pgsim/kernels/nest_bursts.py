"""Bits that every nest moves, and how long bursts take (MODEL.md M41)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_problem import Machine, Problem
from pgsim.kernels.nest_sizes import Ints

Floats = npt.NDArray[np.float64]
Moved = TypeVar("Moved", int, Ints, Floats)

ROUNDED = 1 - 1e-13  # costs are sums of some dozens of floats, in another order than bounds


def compulsory_bits(problem: Problem) -> Floats:
    """Return what any nest moves at least in a group, float64 (4,)."""
    loops, widths = problem.loops, problem.widths
    n, p, q, k, c = loops.sizes[0].tolist()
    activations = n * loops.union_rows * loops.union_columns * c * widths.activation
    weights = k * c * loops.taps * widths.weight
    return np.array([activations, weights, 0, n * p * q * k * widths.output], np.float64)


def dram_cycles(machine: Machine, bursts: Moved) -> Moved:
    """Return the cycles that bursts take at least, rounded up: each transfer is, and so are all."""
    return -(-bursts * machine.burst_numerator // machine.burst_denominator)
