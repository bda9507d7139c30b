"""The search for the loop nest of a layer whose passes are all dense (MODEL.md M41).

Every choice of block sizes is tried with every order, but for what a bound shows to be worse than
the best that is known.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_bound import better, bound_of, compulsory_bits, least_cost
from pgsim.kernels.nest_cost import cost_of, lane_groups_of, needs, traffic_of, trips_of
from pgsim.kernels.nest_problem import CYCLES, STALLS, SUMMED, C, K, N, P, Q

_MANY_CYCLES = 2**62


@kernel
def try_all(problem, choices, best, found):
    """Try choices of block sizes in turn, each in all orders; return the least cost.

    choices: int16 (choices, 5), picks. best: the least cost that is known. found: what the nests
    that cost least are written into. Source: MODEL.md M41.
    """
    bits = compulsory_bits(problem)
    picks = np.empty(5, np.int64)
    for number in range(choices.shape[0]):
        picks[:] = choices[number]
        volume = 1
        for loop in range(5):
            volume *= problem.loops.blocks[loop, picks[loop]]
        bound = bound_of(problem, picks)
        if not better(best, least_cost(problem, bound, bits, volume, 0))[0]:
            best = _try_orders(problem, picks, bound, volume, best, found)
    return best


@kernel
def _try_orders(problem, picks, bound, volume, best, found):
    """Try all orders of one choice of block sizes; return the least cost that is known then.

    Orders are built from the innermost loop on. What a buffer holds is known once a loop that
    matters does not fit, whatever comes outside of it; until then an operand is fetched once.
    Loops of one block are outermost: they change nothing.
    """
    trips = trips_of(problem.loops, picks)
    whole, block = needs(problem.loops, picks)
    order, several = np.empty(5, np.int64), np.empty(5, np.int64)
    count = still = 0
    for loop in range(5):
        if trips[loop] > 1:
            several[count] = loop
            count += 1
        else:
            order[still] = loop
            still += 1
    found.tried[0] += 1
    footprints = np.ones((6, 3), np.float64)  # at each depth; -1 once it does not fit
    for operand in range(3):
        footprints[0, operand] = block[operand].prod()
    bits = np.zeros((6, 4), np.float64)
    bits[0] = compulsory_bits(problem)
    inside = np.zeros((6, 5), np.bool_)
    orders = problem.orders[count]
    every = 1
    for factor in range(2, count + 1):
        every *= factor
    number = begin = 0
    while number < every:
        cut = -1
        for depth in range(begin, count):
            loop = several[orders[number, depth]]
            _add_loop(problem, picks, trips, (whole, block), loop, depth, footprints, bits, inside)
            least = least_cost(problem, bound, bits[depth + 1], volume, 0)
            if better(best, least)[0]:
                cut = depth
                break
        if cut < 0:
            for depth in range(count):
                order[4 - depth] = several[orders[number, depth]]
            best = _try(problem, order, picks, bound, bits[count], volume, best, found)
            cut = count - 1
        alike = 1  # orders that begin, from the innermost loop on, as this one does up to the cut
        for factor in range(2, count - cut):
            alike *= factor
        number = (number // alike + 1) * alike
        begin = 0
        while number < every and orders[number, begin] == orders[number - 1, begin]:
            begin += 1
    return best


@kernel
def _add_loop(problem, picks, trips, extents, loop, depth, footprints, bits, inside):
    """Put a loop around those at a depth: what still fits, and what is moved at least."""
    loops, widths = problem.loops, problem.widths
    whole, block = extents
    fits = (loops.fit_activations, loops.fit_weights, loops.fit_sums)
    inside[depth + 1], inside[depth + 1, loop] = inside[depth], True
    footprints[depth + 1], bits[depth + 1] = footprints[depth], bits[depth]
    for operand in range(3):
        if footprints[depth, operand] < 0 or whole[operand, loop] == block[operand, loop]:
            continue
        grown = footprints[depth, operand] / block[operand, loop] * whole[operand, loop]
        if grown <= fits[operand] + 0.5:
            footprints[depth + 1, operand] = grown
            continue
        footprints[depth + 1, operand] = -1.0
        factor = 1.0
        if operand == 0:
            for axis in range(2):
                if not inside[depth, P + axis]:
                    union = loops.union_columns if axis else loops.union_rows
                    factor *= loops.sides[SUMMED, axis, picks[P + axis]] / union
            factor *= 1 if inside[depth, K] else trips[K]
            bits[depth + 1, 0] = bits[0, 0] * factor
        elif operand == 1:
            for other in range(3):
                factor *= 1 if inside[depth, other] else trips[other]
            bits[depth + 1, 1] = bits[0, 1] * factor
        elif not inside[depth, C] and trips[C] > 1:
            outputs = 1.0
            for other in range(C):
                outputs *= loops.sizes[0, other]
            bits[depth + 1, 2] = outputs * (trips[C] - 1) * widths.sums
            bits[depth + 1, 3] = bits[0, 3] + bits[depth + 1, 2]


@kernel
def _try(problem, order, picks, bound, bits, volume, best, found):
    """Return the better of a nest's cost and the best one, and keep the nest if it is as good."""
    machine = problem.machine
    if not problem.order.one_buffer and machine.runs == 1:
        stalls = _stalls_at_least(problem, order, picks)
        if better(best, least_cost(problem, bound, bits, volume, stalls))[0]:
            return best
    found.tried[1] += 1
    most = np.int64(_MANY_CYCLES)
    if problem.prices.burst_power == 0 and problem.prices.energy_power == 0:
        most = best.cycles
    cost = cost_of(problem, order, picks, bound.array_cycles, most)
    is_better, is_same = better(cost, best)
    if is_better:
        found.counted[0] = 0
        best = cost
    if (is_better or is_same) and found.counted[0] < found.orders.shape[0]:
        found.orders[found.counted[0]] = order
        found.picks[found.counted[0]] = picks
        found.counted[0] += 1
    return best


@kernel
def _stalls_at_least(problem, order, picks):
    """Return cycles that a run of one group waits for DRAM at least, its first block apart.

    Blocks are taken by the loop that advances to them: what those of one kind fetch together is
    known from sums over each loop's blocks, and meanwhile the array works so long at most.
    """
    tables, machine, widths = problem.tables, problem.machine, problem.widths
    traffic = traffic_of(problem, order, picks)
    trips = traffic.trips
    summed, first = np.ones((3, 5)), np.ones((3, 5))
    for operand in range(3):
        for loop in range(5):
            summed[operand, loop] = traffic.factors[operand, loop, : trips[loop]].sum()
            first[operand, loop] = traffic.factors[operand, loop, 0]
    summed[2, C], first[2, C] = trips[C] - 1.0, 0.0  # sums come back but for the first C block
    bits = np.array([widths.activation, widths.weight * problem.loops.taps, 0], np.float64)
    if traffic.spills:
        bits[2] = widths.sums
    blocks = problem.loops.blocks
    slots = blocks[N, picks[N]] * blocks[P, picks[P]] * blocks[Q, picks[Q]]
    if not machine.slots_are_positions:
        slots = blocks[K, picks[K]]
    ci, si = tables.places[0, blocks[C, picks[C]]], tables.places[1, slots]
    work = problem.order.bus_cycles * tables.tiles.shape[1]
    for index in range(tables.tiles.shape[1]):
        work += tables.tiles[CYCLES, index, ci, si] + tables.tiles[STALLS, index, ci, si]
    work *= lane_groups_of(problem, picks)
    stalls, outer = 0.0, 1.0
    for depth in range(5):
        loop, fetched = order[depth], 0.0
        for operand in range(3):
            own = bits[operand] * (summed[operand, loop] - first[operand, loop])
            for other in range(depth):
                own *= summed[operand, order[other]]
            for other in range(depth + 1, 5):
                own *= first[operand, order[other]]
            fetched += own
        cycles = fetched / widths.burst * machine.burst_numerator / machine.burst_denominator
        stalls += max(0.0, cycles - outer * (trips[loop] - 1) * work)
        outer *= trips[loop]
    return np.int64(stalls * (1 - 1e-9))
