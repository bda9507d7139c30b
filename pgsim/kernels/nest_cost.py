"""What a loop nest costs, counted in a stream (MODEL.md M40, M41).

The rules are those of `kernels.nests.walk` and `kernels.timeline`; here no event is kept, for a
layer whose passes are all dense.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_bound import moves, sized, value_of
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    BUSY_FIRST,
    BUSY_FIRST_PJ,
    BUSY_LATER,
    BUSY_LATER_PJ,
    CYCLE_PJ,
    CYCLES,
    FINISHED,
    FOLDS,
    FULL_TIMES,
    KEPT_PJ,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    MOST,
    READ_PJ,
    REST_TIMES,
    SLOT_PJ,
    SLOT_WORDS,
    STALLS,
    VISITS,
    WRITE_PJ,
    C,
    Cost,
    K,
    N,
    P,
    Q,
)
from pgsim.kernels.nests import Held, outside, reached


class Traffic(NamedTuple):
    """What each block of each loop contributes to what a block moves.

    factors: int64 (3, 5, most trips); a block fetches the product of its loops' factors, elements
    of activations, of weights (without the taps), of sums; 0 where the loop's block comes again
    while the operand is held. trips: int64 (5,). spills: whether sums leave before they are done.
    stretch: blocks one after the other whose lane operands stay in the array, 0 where none do.
    """

    factors: np.ndarray
    trips: np.ndarray
    spills: bool
    stretch: int


@kernel
def needs(loops, picks):
    """Return what all blocks of a loop, and what one, need of each operand, int64 (3, 5) each.

    Operands are activations, weights and sums; 1 stands for a loop that does not matter to one.
    """
    whole, block = np.ones((3, 5), np.int64), np.ones((3, 5), np.int64)
    for loop in range(5):
        size, own = loops.sizes[0, loop], loops.blocks[loop, picks[loop]]
        if loop in (P, Q):
            whole[0, loop] = loops.union_rows if loop == P else loops.union_columns
            block[0, loop] = loops.sides[MOST, loop - P, picks[loop]]
        elif loop != K:
            whole[0, loop], block[0, loop] = size, own
        if loop >= K:
            whole[1, loop], block[1, loop] = size, own
        if loop != C:
            whole[2, loop], block[2, loop] = size, own
    return whole, block


@kernel
def trips_of(loops, picks):
    """Return the blocks of each loop, int64 (5,)."""
    trips = np.empty(5, np.int64)
    for loop in range(5):
        trips[loop] = (
            loops.parts[FULL_TIMES, loop, picks[loop]] + loops.parts[REST_TIMES, loop, picks[loop]]
        )
    return trips


@kernel
def lane_groups_of(problem, picks):
    """Return the lane groups of the largest block."""
    blocks = problem.loops.blocks
    lanes = blocks[K, picks[K]]
    if not problem.machine.slots_are_positions:
        lanes = blocks[N, picks[N]] * blocks[P, picks[P]] * blocks[Q, picks[Q]]
    return -(-lanes // problem.machine.columns)


@kernel
def _stretch(problem, order, picks, trips):
    """Return how many blocks one after the other keep their lane operands in the array."""
    machine = problem.machine
    if not machine.stays or trips[C] > 1 or lane_groups_of(problem, picks) > 1:
        return 0
    stretch = 1
    for depth in range(4, -1, -1):
        loop = order[depth]
        if (machine.lane_loops >> loop) & 1 and trips[loop] > 1:
            break
        stretch *= trips[loop]
    return stretch


@kernel
def traffic_of(problem, order, picks):
    """Return what the blocks of a nest move. Source: MODEL.md M40."""
    loops = problem.loops
    trips = trips_of(loops, picks)
    whole, block = needs(loops, picks)
    held = Held(
        outside(order, whole[0], block[0], loops.fit_activations),
        outside(order, whole[1], block[1], loops.fit_weights),
        outside(order, whole[2], block[2], loops.fit_sums),
    )
    longest = trips.max()
    factors = np.ones((3, 5, longest), np.int64)
    reach, fresh = np.zeros((2, longest), np.int64), np.zeros((2, longest), np.int64)
    reached(loops.rows, loops.blocks[P, picks[P]], reach[0], fresh[0])
    reached(loops.columns, loops.blocks[Q, picks[Q]], reach[1], fresh[1])
    spills = False
    for depth in range(5):
        loop = order[depth]
        size, most, last = loops.sizes[0, loop], loops.blocks[loop, picks[loop]], trips[loop] - 1
        for at in range(trips[loop]):
            own = most if at < last else size - most * last
            if loop in (P, Q):
                rows = fresh if depth >= held.activation else reach
                factors[0, loop, at] = rows[loop - P, at]
            elif loop != K:
                factors[0, loop, at] = own
            elif at > 0 and depth >= held.activation:
                factors[0, loop, at] = 0
            if loop >= K:
                factors[1, loop, at] = own
            elif at > 0 and depth >= held.weight:
                factors[1, loop, at] = 0
            if loop != C:
                factors[2, loop, at] = own
            elif depth < held.sums and last > 0:
                spills = True
    return Traffic(factors, trips, spills, _stretch(problem, order, picks, trips))


@kernel
def cost_of(problem, order, picks, array_cycles, most_cycles):
    """Return what a nest costs in a batch; of one over `most_cycles` only that it is over them.

    order: int64 (5,), the loops, outermost first. picks: int64 (5,), which of its sizes the block
    of each loop has. array_cycles: that the array works at least on a run and group.
    Source: MODEL.md M40, M41.
    """
    machine, prices = problem.machine, problem.prices
    traffic = traffic_of(problem, order, picks)
    moved = np.zeros(4, np.int64)
    cycles, fetched = np.int64(0), np.zeros(4, np.int64)
    kinds = 2 if machine.runs > 1 and machine.weights_stay else 1
    for kind in range(kinds):  # the first run, and those that find its weights
        times = 1 if kinds == 2 and kind == 0 else machine.runs - kind
        if kind == 1:
            traffic.factors[1, :, :] = 0
        fetched[:] = 0
        left = array_cycles * machine.groups
        own = _run_cycles(problem, order, picks, traffic, fetched, left, most_cycles)
        cycles += own * times
        moved += fetched * times
        if cycles > most_cycles:
            break
    volume, bursts = 1, 0
    for loop in range(5):
        volume *= problem.loops.blocks[loop, picks[loop]]
    energy_pj = cycles * prices.pj[CYCLE_PJ]
    for way in range(4):
        bursts += moved[way]
        energy_pj += moved[way] * prices.pj[BURST_PJ + way]
    if cycles <= most_cycles:
        energy_pj += _spent(problem, picks, traffic) * (machine.groups * machine.runs)
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


@kernel
def _run_cycles(problem, order, picks, traffic, moved, left, most_cycles):
    """Return the cycles of a run, and add the bursts that it moves to `moved`, int64 (4,).

    left: what the array works at least. It counts no further than to `most_cycles`. Blocks are
    turns (M25, M40).
    """
    tables, machine, turns = problem.tables, problem.machine, problem.order
    trips = traffic.trips
    blocks = trips.prod() * machine.groups
    at = np.zeros(5, np.int64)
    alike = _alike(traffic.factors, trips)
    marks, fetched = np.full((5, 7), -1, np.int64), np.zeros((5, 4), np.int64)
    now = bus_free = stopped = written = np.int64(0)
    stopped += moves(machine, _reads(problem, traffic, at, moved))
    number = np.int64(0)
    while number < blocks:
        slots, lanes = np.int64(1), traffic.factors[2, K, at[K]]
        for loop in range(3):
            slots *= traffic.factors[2, loop, at[loop]]
        own_written = _writes(problem, traffic, at, slots * lanes)
        moved[3] += own_written
        inputs = problem.loops.blocks[C, picks[C]]
        if at[C] == trips[C] - 1:
            inputs = problem.loops.sizes[0, C] - inputs * at[C]
        if not machine.slots_are_positions:
            slots, lanes = lanes, slots
        ci, si = tables.places[0, inputs], tables.places[1, slots]
        begin = now + stopped
        takes = traffic.stretch == 0 or number % traffic.stretch == 0
        lane_groups = -(-lanes // machine.columns)
        for lane_group in range(min(lane_groups, 2)):
            before = now
            for index in range(tables.tiles.shape[1]):
                cycles, fold = (
                    tables.tiles[CYCLES, index, ci, si],
                    tables.tiles[FOLDS, index, ci, si],
                )
                stalls = tables.tiles[STALLS, index, ci, si]
                taken = fold if turns.drains else 0
                if takes and (traffic.stretch == 0 or index == 0):
                    now = max(now, bus_free - taken)
                    bus_free = now + cycles - fold + taken + turns.bus_cycles
                now += cycles
                stopped += stalls
                left -= cycles + stalls
                if lane_group == 1:  # all others take as long as the second
                    stopped += (lane_groups - 2) * stalls
                    left -= (lane_groups - 2) * (cycles + stalls)
            if lane_group == 1:
                bus_free += (lane_groups - 2) * (now - before)
                now += (lane_groups - 2) * (now - before)
        last = number + 1 == blocks
        if last or turns.one_buffer:
            now += turns.skew_cycles
        depth = _advance(order, trips, at)
        read = np.int64(0) if last else _reads(problem, traffic, at, moved)
        if turns.one_buffer:
            stopped += moves(machine, own_written) + moves(machine, read)
        else:
            stopped += max(0, begin + moves(machine, read + written) - now - stopped)
            written = own_written
            if last:
                stopped += moves(machine, own_written)
        number += 1
        if now + stopped + left > most_cycles:
            return most_cycles + 1
        if depth < 0:  # the next group
            marks[:, 0] = -1
            continue
        # What a loop's block does again, it does in the same time: such blocks are skipped.
        state = (
            at[order[depth]],
            max(np.int64(0), bus_free - now),
            written,
            now,
            stopped,
            left,
            number,
        )
        before = marks[depth]
        skipped = alike[order[depth], max(np.int64(0), state[0] - 1)] - state[0]
        if (
            before[0] == state[0] - 1
            and before[0] > 0
            and skipped > 0
            and before[1] == state[1]
            and before[2] == state[2]
        ):
            now, stopped = (
                now + skipped * (now - before[3]),
                stopped + skipped * (stopped - before[4]),
            )
            bus_free = now + state[1]
            left -= skipped * (before[5] - left)
            number += skipped * (number - before[6])
            for way in range(4):
                moved[way] += skipped * (moved[way] - fetched[depth, way])
            at[order[depth]] += skipped
            if now + stopped + left > most_cycles:
                return most_cycles + 1
            state = (at[order[depth]], state[1], written, now, stopped, left, number)
        for place in range(7):
            before[place] = state[place]
        fetched[depth] = moved
        marks[depth + 1 :, 0] = -1
    return now + stopped


@kernel
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


@kernel
def _advance(order, trips, at):
    """Go on to the next block; return the depth of the loop that advanced, -1 after the last."""
    for depth in range(4, -1, -1):
        loop = order[depth]
        at[loop] += 1
        if at[loop] < trips[loop]:
            return depth
        at[loop] = 0
    return -1


@kernel
def _reads(problem, traffic, at, moved):
    """Return the bursts that a block fetches, and add them to `moved` by what they are."""
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
            moved[operand] += bursts
            total += bursts
    return total


@kernel
def _writes(problem, traffic, at, outputs):
    """Return the bursts of sums or outputs that a block writes."""
    widths = problem.widths
    if at[C] == traffic.trips[C] - 1:
        return -(-outputs * widths.output // widths.burst)
    return -(-outputs * widths.sums // widths.burst) if traffic.spills else np.int64(0)


@kernel
def _spent(problem, picks, traffic):
    """Return what PEs and buffers spend on the blocks of a group, in pJ (MODEL.md M22, M28)."""
    loops, tables, machine, pj = (
        problem.loops,
        problem.tables,
        problem.machine,
        problem.prices.pj,
    )
    own, energy_pj = np.empty(5, np.int64), 0.0
    chunks, smaller = traffic.trips[C], sized(loops, picks, C, 1)[1]
    for kind in range(32):
        often = np.int64(1)
        for loop in range(5):
            own[loop], times = sized(loops, picks, loop, (kind >> loop) & 1)
            often *= times
        if often == 0:
            continue
        slots, lanes = own[N] * own[P] * own[Q], own[K]
        if not machine.slots_are_positions:
            slots, lanes = lanes, slots
        ci, si = tables.places[0, own[C]], tables.places[1, slots]
        done = often * slots * lanes
        energy_pj += done * tables.chunks[ci, BUSY_FIRST] * pj[BUSY_FIRST_PJ]
        energy_pj += done * tables.chunks[ci, BUSY_LATER] * pj[BUSY_LATER_PJ]
        last = (kind >> C) & 1
        alike = 1 if last else chunks - smaller  # C blocks of this size
        ends = (1 - last, 1 if last or smaller == 0 else 0, alike if chunks > 1 else 0)
        while lanes > 0:  # lane groups of all columns come first, and are alike
            few = min(lanes, machine.columns)
            groups = lanes // few
            tile_pj = tables.slots[SLOT_WORDS, ci, si] * pj[SLOT_PJ]
            for index in range(tables.tiles.shape[1]):
                bits = few * tables.chunks[ci, LANE_BITS + index]
                bits *= 1 if traffic.stretch else tables.tiles[LOADS, index, ci, si]
                words = float(-(-bits // machine.lane_port_bits))
                if traffic.stretch:  # the first pass of the first block of each stretch loads
                    words = 0.0 if index else words / traffic.stretch
                tile_pj += words * pj[LANE_PJ]
            tile_pj += _output_pj(problem, slots * few, (ci, si), ends, traffic.spills)
            if machine.kept_port_bits and ends[0]:  # each output once
                words = -(-slots * few * problem.output_bits // machine.kept_port_bits)
                tile_pj += words / alike * pj[KEPT_PJ]
            energy_pj += often * groups * tile_pj
            lanes -= groups * few
    return energy_pj


@kernel
def _output_pj(problem, done, places, ends, spills):
    """Return what the sums of a tile spend on the output buffer, on average over its C blocks.

    ends: whether the first C block is among those of this size, whether the last is, and how many
    these are, 0 for the only one.
    """
    tables, pj, port = problem.tables, problem.prices.pj, problem.machine.output_port_bits
    has_first, has_last, chunks = ends
    ci, si = places
    bits = done * problem.output_bits
    if chunks or not tables.slots[FINISHED, ci, si]:
        bits = done * tables.chunks[ci, VISITS] * problem.widths.sums
    written_pj = -(-bits // port) * pj[WRITE_PJ]
    if not chunks:
        return written_pj + -(-bits // port) * pj[READ_PJ]
    sums = done * problem.widths.sums
    leaving = sums if spills else 0  # after every C block
    words = has_first * -(-(bits - sums + leaving) // port)
    words += has_last * -(-(bits + sums) // port)
    words += (chunks - has_first - has_last) * -(-(bits + leaving) // port)
    return written_pj + words / chunks * pj[READ_PJ]
