"""Bursts that choices of block sizes move, and what these make them cost (MODEL.md M41)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_problem import (
    ARRAY_CYCLES,
    BURST_PJ,
    CYCLE_PJ,
    LEAST_BURSTS,
    LEAST_CYCLES,
    LEAST_PJ,
    WAIT_CYCLES,
    Cost,
    Machine,
    Problem,
)
from pgsim.kernels.nest_sizes import Ints

Floats = npt.NDArray[np.float64]
Moved = TypeVar("Moved", int, Ints, Floats)

_ENDLESS = 2**62
_MOST = 2.0**61  # that a float rounds to no more than that
ROUNDED = 1 - 1e-9  # the exact sums of floats are rounded in another order


def compulsory_bits(problem: Problem) -> Floats:
    """Return what any nest moves at least in a group, float64 (4,)."""
    loops, widths = problem.loops, problem.widths
    n, p, q, k, c = loops.sizes[0].tolist()
    activations = n * loops.union_rows * loops.union_columns * c * widths.activation
    weights = k * c * loops.taps * widths.weight
    return np.array([activations, weights, 0, n * p * q * k * widths.output], np.float64)


def with_bursts(problem: Problem, least: Floats, bursts: Ints) -> Floats:
    """Return what choices cost at least, as `Choices.least` does, if they move at least so much.

    bursts: int64 (choices,), of a batch.
    """
    machine, pj, found = problem.machine, problem.prices.pj, least.copy()
    found[:, LEAST_BURSTS] = np.maximum(bursts, least[:, LEAST_BURSTS])
    moved = dram_cycles(machine, found[:, LEAST_BURSTS])
    if problem.order.one_buffer:
        found[:, LEAST_CYCLES] = least[:, ARRAY_CYCLES] + moved
    else:
        ends = moved + least[:, WAIT_CYCLES]
        found[:, LEAST_CYCLES] = np.maximum(least[:, LEAST_CYCLES], ends)
    more_pj = (found - least)[:, [LEAST_BURSTS, LEAST_CYCLES]] @ (
        min(pj[BURST_PJ : BURST_PJ + 4]),
        pj[CYCLE_PJ],
    )
    found[:, LEAST_PJ] += more_pj * ROUNDED
    return found


def most_bursts(problem: Problem, least: Floats, best: Cost) -> Ints:
    """Return how many bursts choices may move that cost no more than the best one, or some more.

    least: what they cost at least, as `Choices.least` has it. Returns int64 (choices,), of a batch.
    """
    prices, machine = problem.prices, problem.machine
    most = np.full(len(least), _ENDLESS)
    if prices.burst_power:
        return most if prices.cycle_power or prices.energy_power else np.minimum(most, best.bursts)
    burst_pj = min(prices.pj[BURST_PJ : BURST_PJ + 4])
    if not prices.energy_power:
        if machine.burst_numerator == 0:  # an ideal DRAM takes no time
            return most
        moving = best.cycles - least[:, WAIT_CYCLES]
        bursts = moving * (machine.burst_denominator / machine.burst_numerator)
    elif burst_pj > 0:
        most_pj = best.value / (least[:, LEAST_CYCLES] if prices.cycle_power else 1)
        bursts = least[:, LEAST_BURSTS] + (most_pj - least[:, LEAST_PJ] * ROUNDED) / burst_pj
    else:
        return most
    return np.clip(bursts / ROUNDED + 1, 0, _MOST).astype(np.int64)


def stream_parts(machine: Machine, burst_bits: int, bursts: Ints) -> Ints:
    """Return the parts of a cycle that streams of so many bursts each take (MODEL.md M44)."""
    pages = -(-bursts * burst_bits // machine.page_bits)
    return bursts * machine.burst_parts + pages * machine.page_parts


def dram_cycles(machine: Machine, bursts: Moved) -> Moved:
    """Return the cycles that bursts take at least, rounded up: each transfer is, and so are all."""
    return -(-bursts * machine.burst_numerator // machine.burst_denominator)
