"""The search for the loop nest of a layer whose passes are all dense (MODEL.md M41).

Choices of block sizes are tried with every order, but for what a bound shows to be worse than the
best that is known.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_bursts import ROUNDED
from pgsim.kernels.nest_cost import ENDLESS, Most, cost_of, lane_groups_of, traffic_of
from pgsim.kernels.nest_energy import spent_pj
from pgsim.kernels.nest_places import INPUTS, SLOTS, place_of
from pgsim.kernels.nest_problem import (
    ARRAY_CYCLES,
    BURST_PJ,
    CYCLE_PJ,
    CYCLES,
    FULL,
    LEAST_BURSTS,
    LEAST_CYCLES,
    LEAST_PJ,
    OWN_PJ,
    REST,
    REST_TIMES,
    WAIT_CYCLES,
    WORK_CYCLES,
    C,
    Cost,
    K,
    N,
    P,
    Q,
)
from pgsim.kernels.nest_traffic import bits_of, moves_of, picked
from pgsim.kernels.nest_value import better, value_of
from pgsim.kernels.nest_value import moves as dram_cycles
from pgsim.kernels.nest_waits import longest_stalls

_ALPHABET = (C, K, N, P, Q)


@kernel
def try_all(problem, choices, least, compulsory, best, found):
    """Try choices of block sizes in turn, each in all orders; return the least cost.

    choices: int64 (choices, 5), picks. least: float64 (choices, 7), what they cost at least, as
    `Choices.least` has it. compulsory: float64 (4,), bits that any nest moves in a group. best: the
    least cost that is known. found: what the nest that costs least is written into.
    Source: MODEL.md M41.
    """
    order, several = np.empty(5, np.int64), np.empty(5, np.int64)
    for number in range(choices.shape[0]):
        picks, bound = choices[number], least[number]
        volume = np.int64(1)
        for loop in range(5):
            volume *= problem.loops.blocks[loop, picks[loop]]
        cycles, bursts = np.int64(bound[LEAST_CYCLES]), np.int64(bound[LEAST_BURSTS])
        value = value_of(problem.prices, cycles, bursts, bound[LEAST_PJ])
        if better(best, Cost(value, bursts, cycles, bound[LEAST_PJ], volume))[0]:
            continue
        own = picked(problem.loops, picks)
        found.tried[0] += 1
        count, every = 0, 1
        for letter in range(5):  # loops of one block come first: they change nothing
            loop = _ALPHABET[letter]
            if own.trips[loop] == 1:
                order[letter - count] = loop
            else:
                several[count] = loop
                count += 1
                every *= count
        for place in range(every):
            for depth in range(count):
                order[5 - count + depth] = several[problem.orders[count, place, depth]]
            best = _try(problem, order, (picks, own, volume), (bound, compulsory), best, found)
    return best


@kernel(inner=True)
def _try(problem, order, choice, bounds, best, found):
    """Return the better of a nest's cost and the best one, and keep the nest if it is as good.

    choice: picks, the same as `picked` has them, and the size of a block. bounds: what the choice
    costs at least, and compulsory bits.
    """
    picks, own, volume = choice
    bound, compulsory = bounds
    moves = moves_of(problem.loops, picks, own, order)
    bits = bits_of(problem, moves, compulsory)
    stalls, turns = np.int64(0), problem.order
    if not (turns.one_buffer or turns.run_ahead) and problem.machine.runs == 1:
        stalls = _stalls_at_least(problem, order, picks, own, moves)
    moved = (bits, _ends(problem.loops, problem.widths, picks, moves))
    least = _least_cost(problem, bound[OWN_PJ] * ROUNDED, bound, moved, stalls, volume)
    if better(best, least)[0]:
        return best
    traffic = traffic_of(problem, order, picks, own, moves)
    own_pj = spent_pj(problem, picks, traffic)
    least = _least_cost(problem, own_pj, bound, moved, stalls, volume)
    is_worse, is_same = better(best, least)
    if is_worse or (is_same and found.known[0] and not _comes_first(order, picks, found)):
        return best
    found.tried[1] += 1
    most = _most(problem.machine, problem.prices, problem.widths.burst, bits, best)
    cost = cost_of(problem, order, traffic, np.int64(bound[WORK_CYCLES]), own_pj, most)
    is_better, is_same = better(cost, best)
    if is_better or (is_same and (not found.known[0] or _comes_first(order, picks, found))):
        best, found.known[0] = cost, 1
        for loop in range(5):
            found.order[loop], found.picks[loop] = order[loop], picks[loop]
    return best


@kernel(inner=True)
def _comes_first(order, picks, found):
    """Say whether a nest comes before the best one that costs the same: larger, or by letters."""
    for loop in range(5):
        if picks[loop] != found.picks[loop]:
            return picks[loop] < found.picks[loop]
    for depth in range(5):
        if order[depth] != found.order[depth]:
            for loop in _ALPHABET:
                if loop == order[depth] or loop == found.order[depth]:
                    return loop == order[depth]
    return False


@kernel(inner=True)
def _ends(loops, widths, picks, moves):
    """Return the bursts that the first block fetches, and those that the last one writes."""
    parts, last = loops.parts, np.int64(1)
    activations, weights = np.int64(1), loops.taps
    for loop in range(5):
        activations *= moves.first[0, loop]
        weights *= moves.first[1, loop]
        if loop != C:
            rest = parts[REST_TIMES, loop, picks[loop]] > 0
            last *= parts[REST if rest else FULL, loop, picks[loop]]
    opening = -(-activations * widths.activation // widths.burst)
    opening += -(-weights * widths.weight // widths.burst)
    return opening, -(-last * widths.output // widths.burst)


@kernel(inner=True)
def _most(machine, prices, burst, bits, best):
    """Return what a nest may take at most that costs no more than the best one.

    bits: float64 (4,), what a group moves.
    """
    cycles, wasted_bits = ENDLESS, ENDLESS
    if prices.burst_power == 0 and prices.energy_power == 0:
        cycles = best.cycles
    if prices.cycle_power == 0 and prices.energy_power == 0:
        room = float(best.bursts * burst)
        for way in range(4):
            times = 1 if way == 1 and machine.weights_stay else machine.runs
            room -= bits[way] * machine.groups * times
        wasted_bits = np.int64(np.ceil(room)) + 1  # for what floats round
    return Most(cycles, wasted_bits)


@kernel(inner=True)
def _least_cost(problem, own_pj, bound, moved, stalls, volume):
    """Return what a nest costs at least.

    own_pj: that PEs and buffers spend at least. bound: what its block sizes cost. moved: float64
    (4,), bits that a group moves; and bursts of `_ends`. stalls: cycles that a run and group waits
    for DRAM, beside its first and last transfers.
    """
    machine, prices = problem.machine, problem.prices
    bits, (opening, last) = moved
    bursts = np.int64(0)
    for way in range(4):
        bursts += _bursts_of(machine, problem.widths.burst, bits, way)
    cycles = np.int64(bound[ARRAY_CYCLES]) + stalls * machine.groups * machine.runs
    if problem.order.one_buffer:
        cycles += dram_cycles(machine, bursts)
    elif problem.order.run_ahead and machine.runs == 1:  # three transfers, each rounded up
        beside = dram_cycles(machine, max(np.int64(0), bursts - opening - last))
        ends = dram_cycles(machine, opening) + dram_cycles(machine, last)
        cycles = max(cycles, beside + ends)
    else:
        cycles = max(cycles, dram_cycles(machine, bursts) + np.int64(bound[WAIT_CYCLES]))
    energy_pj = cycles * prices.pj[CYCLE_PJ]  # in the order in which a cost is summed up
    for way in range(4):
        own_bursts = _bursts_of(machine, problem.widths.burst, bits, way)
        energy_pj += own_bursts * prices.pj[BURST_PJ + way]
    energy_pj += own_pj
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


@kernel(inner=True)
def _bursts_of(machine, burst, bits, way):
    """Return bursts of a batch at least, of what is moved one way; bits: float64 (4,), of all."""
    times = 1 if way == 1 and machine.weights_stay else machine.runs
    return np.int64(np.ceil(bits[way] / burst)) * machine.groups * times


@kernel(inner=True)
def _stalls_at_least(problem, order, picks, own, moves):
    """Return cycles that a run of one group waits for DRAM at least, its first block apart.

    Blocks are taken by the loop that advances to them: what those of one kind fetch together is
    known from sums over each loop's blocks, and meanwhile the array works so long at most.
    """
    machine, widths = problem.machine, problem.widths
    work = _longest_work(problem, picks)
    stalls, outer = 0.0, 1.0
    for depth in range(5):
        loop, fetched = order[depth], 0.0
        for operand in range(3):
            bits = float(moves.summed[operand, loop] - moves.first[operand, loop])
            for other in range(depth):
                bits *= moves.summed[operand, order[other]]
            for other in range(depth + 1, 5):
                bits *= moves.first[operand, order[other]]
            if operand == 0:
                fetched += bits * widths.activation
            elif operand == 1:
                fetched += bits * widths.weight * problem.loops.taps
            elif moves.spills:
                fetched += bits * widths.sums
        cycles = fetched / widths.burst * machine.burst_numerator / machine.burst_denominator
        stalls += max(0.0, cycles - outer * (own.trips[loop] - 1) * work)
        outer *= own.trips[loop]
    return np.int64(stalls * ROUNDED)


@kernel(inner=True)
def _longest_work(problem, picks):
    """Return for how long the array works on the largest block."""
    tables, blocks = problem.tables, problem.loops.blocks
    positions = blocks[N, picks[N]] * blocks[P, picks[P]] * blocks[Q, picks[Q]]
    slots = (positions, blocks[K, picks[K]])[problem.machine.slot_side]
    ci, si = place_of(tables, INPUTS, blocks[C, picks[C]]), place_of(tables, SLOTS, slots)
    work = problem.order.bus_cycles * tables.tiles.shape[1]
    for index in range(tables.tiles.shape[1]):
        work += tables.tiles[CYCLES, index, ci, si]
        work += longest_stalls(problem, index, (ci, si), slots)
    return work * lane_groups_of(problem.machine, blocks, picks)
