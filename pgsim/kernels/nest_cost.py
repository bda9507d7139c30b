"""What a loop nest costs, counted in a stream (MODEL.md M40, M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import BURST_PJ, CYCLE_PJ, C, Cost, K, N, P, Q
from pgsim.kernels.nest_time import run_cycles
from pgsim.kernels.nest_traffic import factors_of
from pgsim.kernels.nest_value import value_of

ENDLESS = np.int64(2**62)


class Traffic(NamedTuple):
    """The blocks of a nest, and what they move.

    picks: int64 (5,), which of its sizes the block of each loop has. trips: int64 (5,), blocks of
    each loop. factors: int64 (3, 5, most trips), what each of them contributes. spills: whether
    sums leave before they are done. stretch: blocks one after the other whose lane operands stay in
    the array, 0 where none do.
    """

    picks: np.ndarray
    trips: np.ndarray
    factors: np.ndarray
    spills: bool
    stretch: int


class Most(NamedTuple):
    """What a nest may take and cost least: cycles, and bits of bursts that nobody asked for."""

    cycles: int
    wasted_bits: int


@kernel(inner=True)
def lane_groups_of(machine, blocks, picks):
    """Return the lane groups of the largest block."""
    positions = blocks[N, picks[N]] * blocks[P, picks[P]] * blocks[Q, picks[Q]]
    sides = (positions, blocks[K, picks[K]])
    return -(-sides[machine.lane_side] // machine.columns)


@kernel(inner=True)
def _stretch(machine, blocks, order, picks, trips):
    """Return how many blocks one after the other keep their lane operands in the array."""
    if not machine.stays or trips[C] > 1 or lane_groups_of(machine, blocks, picks) > 1:
        return 0
    stretch = 1
    for depth in range(4, -1, -1):
        loop = order[depth]
        if machine.lane_loops >> loop & 1 and trips[loop] > 1:
            break
        stretch *= trips[loop]
    return stretch


@kernel(inner=True)
def traffic_of(problem, order, picks, own, moves):
    """Return the blocks of a nest, and what they move.

    order: int64 (5,), the loops, outermost first. picks: int64 (5,), which of its sizes the block
    of each loop has. own: the same as `picked` has them. moves: of `moves_of`.
    """
    factors = factors_of(problem.loops, picks, own, order, moves)
    stretch = _stretch(problem.machine, problem.loops.blocks, order, picks, own.trips)
    return Traffic(picks, own.trips, factors, moves.spills, stretch)


@kernel(inner=True)
def cost_of(problem, order, traffic, array_cycles, own_pj, most):
    """Return what a nest costs in a batch; of one that takes more than `most`, endless cost.

    order: int64 (5,), the loops, outermost first. traffic: of `traffic_of`; what it says of
    weights is overwritten. array_cycles: that the array works at least in a run. own_pj: what PEs
    and buffers spend.
    Source: MODEL.md M40, M41.
    """
    loops, machine, prices = problem.loops, problem.machine, problem.prices
    cycles, moved, fetched = np.int64(0), np.zeros(4, np.int64), np.zeros(4, np.int64)
    kinds = 2 if machine.runs > 1 and machine.weights_stay else 1
    for kind in range(kinds):  # the first run, and those that find its weights
        times = 1 if kinds == 2 and kind == 0 else machine.runs - kind
        if kind == 1:
            traffic.factors[1] = 0
        took = run_cycles(problem, order, traffic, array_cycles, most, fetched)
        if took > most.cycles - cycles:  # more, times runs, might wrap
            return Cost(np.inf, ENDLESS, ENDLESS, np.inf, np.int64(0))
        cycles += times * took
        for way in range(4):
            moved[way] += times * fetched[way]
        if cycles > most.cycles:
            return Cost(np.inf, ENDLESS, ENDLESS, np.inf, np.int64(0))
    bursts, energy_pj = np.int64(0), cycles * prices.pj[CYCLE_PJ]
    for way in range(4):
        bursts += moved[way]
        energy_pj += moved[way] * prices.pj[BURST_PJ + way]
    energy_pj += own_pj
    volume = np.int64(1)
    for loop in range(5):
        volume *= loops.blocks[loop, traffic.picks[loop]]
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)
