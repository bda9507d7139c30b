"""How long the blocks of a nest take, one after the other (MODEL.md M25, M40).

The rules are those of `kernels.timeline`; here no event is kept, and what repeats is not counted
again, for a layer whose passes are all dense.
"""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_places import INPUTS, SLOTS, place_of
from pgsim.kernels.nest_problem import CYCLES, FOLDS, C, K
from pgsim.kernels.nest_value import cycles_of, parts_of
from pgsim.kernels.nest_waits import Sums, stalls_beside, stalls_of

# What a run has come to: the array's own clock, for how long it has stood still, when its buses are
# free, what the block before writes in parts of a cycle, what the array works still at least,
# blocks, bits of bursts that nobody asked for, parts that run ahead, and bursts by what they are.
NOW, STOPPED, BUS_FREE, WRITTEN, LEFT, NUMBER, WASTED, AHEAD, MOVED = range(9)
_AHEAD, _AT = MOVED + 4, MOVED + 5  # of a mark
_MARK = MOVED + 6


@kernel(inner=True)
def run_cycles(problem, order, traffic, left, most, moved):
    """Return the cycles of a run, and write the bursts that it moves to `moved`, int64 (4,).

    left: what the array works at least. It counts no further than to what `most` has.
    """
    trips = traffic.trips
    of_group = trips.prod()
    blocks = of_group * problem.machine.groups
    at, state = np.zeros(5, np.int64), np.zeros(MOVED + 4, np.int64)
    alike = _alike(traffic.factors, trips)
    marks = np.full((6, _MARK), -1, np.int64)
    state[LEFT] = left
    opening = cycles_of(problem.machine, _reads(problem, traffic, at, state))
    state[STOPPED] = opening
    while state[NUMBER] < blocks:
        depth = _block(problem, order, traffic, at, state, blocks)
        if state[NOW] + state[STOPPED] + state[LEFT] > most.cycles:
            return most.cycles + 1
        if state[WASTED] > most.wasted_bits:
            return most.cycles + 1
        for inside in range(depth + 1, 5):
            marks[inside, _AT] = -1
        if depth >= 0:
            loop = order[depth]
            upto = alike[loop, max(np.int64(0), at[loop] - 1)]
            at[loop] += _skipped(at[loop], upto, state, marks[depth])
        else:
            _skipped(state[NUMBER] // of_group, problem.machine.groups - 1, state, marks[5])
    for way in range(4):
        moved[way] = state[MOVED + way]
    if problem.order.run_ahead:
        over = opening + cycles_of(problem.machine, state[AHEAD])
        state[STOPPED] += max(0, over - state[NOW] - state[STOPPED])
        state[STOPPED] += cycles_of(problem.machine, state[WRITTEN])
    return state[NOW] + state[STOPPED]


@kernel(inlined=True)
def _block(problem, order, traffic, at, state, blocks):
    """Take one block, and go on to the next; return the depth of the loop that advanced."""
    machine, turns = problem.machine, problem.order
    slots, lanes = np.int64(1), traffic.factors[2, K, at[K]]
    for loop in range(3):
        slots *= traffic.factors[2, loop, at[loop]]
    write = _writes(problem, traffic, at, slots * lanes, state)
    inputs = problem.loops.blocks[C, traffic.picks[C]]
    if at[C] == traffic.trips[C] - 1:
        inputs = problem.loops.sizes[0, C] - inputs * at[C]
    sides = (slots, lanes)
    slots, lanes = sides[machine.slot_side], sides[machine.lane_side]
    begin = state[NOW] + state[STOPPED]
    leaves = at[C] == traffic.trips[C] - 1 or traffic.spills
    sums = Sums(at[C] == 0, leaves, traffic.trips[C] == 1)
    _compute(problem, traffic, inputs, (slots, lanes), sums, state)
    state[NUMBER] += 1
    last = state[NUMBER] == blocks
    if last or turns.one_buffer:
        state[NOW] += turns.skew_cycles
    depth = _advance(order, traffic.trips, at)
    read = np.int64(0) if last else _reads(problem, traffic, at, state)
    if turns.one_buffer:
        state[STOPPED] += cycles_of(machine, write) + cycles_of(machine, read)
    elif turns.run_ahead:
        state[AHEAD] += read + state[WRITTEN]
        state[WRITTEN] = write
    else:
        ends = begin + cycles_of(machine, read + state[WRITTEN])
        state[STOPPED] += max(0, ends - state[NOW] - state[STOPPED])
        state[WRITTEN] = write
        if last:
            state[STOPPED] += cycles_of(machine, write)
    return depth


@kernel(inlined=True)
def _compute(problem, traffic, inputs, block, sums, state):
    """Let the array work on a block of so many slots and lanes, lane group by lane group."""
    tables, turns = problem.tables, problem.order
    slots, lanes = block
    ci, si = place_of(tables, INPUTS, inputs), place_of(tables, SLOTS, slots)
    stays = traffic.stretch > 0
    resting = problem.machine.stays and traffic.trips[C] == 1  # the bound counts no waits then
    takes = not stays or state[NUMBER] % traffic.stretch == 0
    columns = problem.machine.columns
    lane_groups = -(-lanes // columns)
    few = lanes - columns * (lane_groups - 1)
    for lane_group in range(min(lane_groups, 2)):
        times = 1 if lane_group == 0 else lane_groups - 1  # all others take as long as the second
        before = state[NOW]
        for index in range(tables.tiles.shape[1]):
            cycles = tables.tiles[CYCLES, index, ci, si]
            fold = tables.tiles[FOLDS, index, ci, si]
            taken = fold if turns.drains else 0
            loads = takes and (not stays or index == 0)
            tile = (slots, min(lanes, columns))
            late = stalls_of(problem, index, (ci, si), tile, sums, loads)
            at_last = late
            if lane_group == 1 and few < columns:  # the last lane group is smaller
                at_last = stalls_of(problem, index, (ci, si), (slots, few), sums, loads)
            waits = np.int64(0)
            if loads:
                waits = max(waits, state[BUS_FREE] - taken - state[NOW])
                state[NOW] += waits
                state[BUS_FREE] = state[NOW] + cycles - fold + taken + turns.bus_cycles
            state[NOW] += cycles
            alone = (times - 1) * stalls_beside(turns, late, waits)
            state[STOPPED] += alone + stalls_beside(turns, at_last, waits)
            waits = np.int64(0) if resting else max(np.int64(0), turns.bus_cycles - fold)
            alone = (times - 1) * stalls_beside(turns, late, waits)
            alone += stalls_beside(turns, at_last, waits)
            state[LEFT] -= times * (cycles + waits) + alone
        again = (times - 1) * (state[NOW] - before)
        state[NOW] += again
        state[BUS_FREE] += again


@kernel(inner=True)
def _skipped(at, upto, state, mark):
    """Skip blocks of a loop, or groups, that are as the one before; return how many.

    They do the same in the same time. at: the one that comes next. upto: the last that is alike.
    mark: int64 (14,), the state when the loop came to the block before, by how much the buses were
    ahead, and that block; -1 for none.
    """
    ahead, skipped = max(np.int64(0), state[BUS_FREE] - state[NOW]), np.int64(0)
    known = mark[_AT] > 0 and mark[_AT] == at - 1
    if known and upto > at and mark[_AHEAD] == ahead and mark[WRITTEN] == state[WRITTEN]:
        skipped = upto - at
        for place in range(MOVED + 4):
            state[place] += skipped * (state[place] - mark[place])
        state[BUS_FREE] = state[NOW] + ahead
    for place in range(MOVED + 4):
        mark[place] = state[place]
    mark[_AHEAD], mark[_AT] = ahead, at + skipped
    return skipped


@kernel(inner=True)
def _alike(factors, trips):
    """Return up to which of its blocks each loop goes on as at each, int64 (5, most trips)."""
    alike = np.empty((5, factors.shape[2]), np.int64)
    for loop in range(5):
        last = trips[loop] - 1
        alike[loop, last] = last
        for at in range(last - 1, -1, -1):
            same = True
            for operand in range(3):
                same &= factors[operand, loop, at] == factors[operand, loop, at + 1]
            alike[loop, at] = alike[loop, at + 1] if same else at
    return alike


@kernel(inlined=True)
def _advance(order, trips, at):
    """Go on to the next block; return the depth of the loop that advanced, -1 after the last."""
    depth = 4
    at[order[depth]] += 1
    while depth >= 0 and at[order[depth]] == trips[order[depth]]:
        at[order[depth]] = 0
        depth -= 1
        if depth >= 0:
            at[order[depth]] += 1
    return depth


@kernel(inlined=True)
def _reads(problem, traffic, at, state):
    """Return the parts of a cycle that a block's fetches take, and add their bursts to those moved.

    What it fetches of an operand is a stream.
    """
    widths, factors, total = problem.widths, traffic.factors, np.int64(0)
    for operand in range(3):
        elements = np.int64(1)
        for loop in range(5):
            elements *= factors[operand, loop, at[loop]]
        bits = elements * widths.activation
        if operand == 1:
            bits = elements * problem.loops.taps * widths.weight
        elif operand == 2:
            bits = elements * widths.sums if traffic.spills and at[C] > 0 else np.int64(0)
        if bits > 0:
            bursts = -(-bits // widths.burst)
            state[MOVED + operand] += bursts
            state[WASTED] += bursts * widths.burst - bits
            total += parts_of(problem.machine, widths.burst, bursts)
    return total


@kernel(inlined=True)
def _writes(problem, traffic, at, outputs, state):
    """Return the same of the sums or outputs that a block writes."""
    widths = problem.widths
    finished = at[C] == traffic.trips[C] - 1
    width = widths.sums if traffic.spills else np.int64(0)
    bits = outputs * (widths.output if finished else width)
    bursts = -(-bits // widths.burst)
    state[MOVED + 3] += bursts
    state[WASTED] += bursts * widths.burst - bits
    return parts_of(problem.machine, widths.burst, bursts)
