"""The search for the loop nest of a layer without a mask (MODEL.md M41).

Every block size of every loop is tried with every order, but for what a bound shows to be worse
than the best that is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nests import Held, Side, Widths, outside, reached
from pgsim.kernels.timeline import Order

N, P, Q, K, C = range(5)
MOST_BLOCKS = 2**21  # of a run and group


class Loops(NamedTuple):
    """The loops of a layer, and the sizes that their blocks may have.

    sizes: int64 (5,). blocks: int64 (5, most sizes), candidates of each loop, largest first; counts:
    int64 (5,), how many. most, opening, summed: int64 (2, most sizes), input rows, and columns, that
    one block reaches at most, that the first one reaches, and the sum over all blocks; union: int64 (2,), that all reach together.
    fits: int64 (3,), elements that the buffers of activations, weights (input channels times output
    channels) and sums hold. taps: weights of a channel and input channel.
    """

    sizes: np.ndarray
    blocks: np.ndarray
    counts: np.ndarray
    most: np.ndarray
    opening: np.ndarray
    summed: np.ndarray
    union: np.ndarray
    fits: np.ndarray
    rows: Side
    columns: Side
    taps: int


class Tables(NamedTuple):
    """What tiles take, by input channels of their block and by slots.

    at_channels, at_slots: int64, the index in the tables for so many input channels, slots. cycles,
    folds, stalls, loads: int64 (passes, input channels, slots), as the kernel of the timeline takes
    them, and how often lane operands are loaded. slot_words: int64 (input channels, slots), of all
    passes. lane_bits: int64 (passes, input channels), of one lane and load. visits: int64 (input
    channels,), of sums, over all passes. finished: bool (input channels, slots), whether sums are
    finished before they leave the array. busy: int64 (2, input channels), busy cycles of a PE for
    an output in the first pass and in all others.
    """

    at_channels: np.ndarray
    at_slots: np.ndarray
    cycles: np.ndarray
    folds: np.ndarray
    stalls: np.ndarray
    loads: np.ndarray
    slot_words: np.ndarray
    lane_bits: np.ndarray
    visits: np.ndarray
    finished: np.ndarray
    busy: np.ndarray


class Machine(NamedTuple):
    """The rest that decides what a nest costs.

    slots_are_positions: else they are channels. columns: of the array. groups: of the layer.
    runs: of a batch; weights_stay: whether only the first of them fetches weights. burst_cycles:
    int64 (2,), numerator and denominator of the cycles of a burst. lane_port_bits,
    output_port_bits: of a word. stays: whether lane operands may stay in the array. lane_matters:
    bool (5,), the loops that matter to the operand of the lanes. interleaves: no layer without a
    mask does.
    """

    slots_are_positions: bool
    columns: int
    groups: int
    runs: int
    weights_stay: bool
    burst_cycles: np.ndarray
    lane_port_bits: int
    output_port_bits: int
    stays: bool
    lane_matters: np.ndarray


class Prices(NamedTuple):
    """What is made least: cycles, bursts and energy, each to a power of 0 or 1, times each other.

    bursts_pj: float64 (4,), of activations, weights, sums read, and of what is written. cycle_pj,
    busy_pj: float64 (2,), slot_word_pj, lane_word_pj, output_read_pj, output_write_pj.
    """

    cycle_power: int
    burst_power: int
    energy_power: int
    bursts_pj: np.ndarray
    cycle_pj: float
    busy_pj: np.ndarray
    slot_word_pj: float
    lane_word_pj: float
    output_read_pj: float
    output_write_pj: float


class Problem(NamedTuple):
    """A layer on a design, and what is to be least.

    orders: int64 (5, 120, 5), all orders of so many loops less one, places from the innermost on, in
    lexicographic order.
    """

    loops: Loops
    tables: Tables
    machine: Machine
    prices: Prices
    widths: Widths
    order: Order
    orders: np.ndarray


class Cost(NamedTuple):
    """What a nest costs in a batch, and how it compares: value, bursts, cycles, energy, blocks."""

    value: float
    bursts: int
    cycles: int
    energy_pj: float
    volume: int


@kernel
def better(one, other):
    """Say whether a cost is less than another, and whether it is the same (MODEL.md M41)."""
    if one.value != other.value:
        return one.value < other.value, False
    if one.bursts != other.bursts:
        return one.bursts < other.bursts, False
    if one.cycles != other.cycles:
        return one.cycles < other.cycles, False
    if one.energy_pj != other.energy_pj:
        return one.energy_pj < other.energy_pj, False
    return one.volume > other.volume, one.volume == other.volume


@kernel
def value_of(prices, cycles, bursts, energy_pj):
    """Return what is to be least."""
    value = 1.0
    if prices.cycle_power:
        value *= cycles
    if prices.burst_power:
        value *= bursts
    if prices.energy_power:
        value *= energy_pj
    return value


@kernel
def _moves(machine, bursts):
    """Return the cycles that bursts take, rounded up."""
    return -(-bursts * machine.burst_cycles[0] // machine.burst_cycles[1])


@kernel
def _last(size, block):
    """Return the size of the last block of a loop."""
    return size - block * ((size - 1) // block)


@kernel
def _trips(loops, picks):
    trips = np.empty(5, np.int64)
    for loop in range(5):
        trips[loop] = -(-loops.sizes[loop] // loops.blocks[loop, picks[loop]])
    return trips


@kernel
def needs(loops, picks):
    """Return what all blocks of a loop, and what one, need of each operand, int64 (3, 5) each.

    Operands are activations, weights and sums; 1 stands for a loop that does not matter to one.
    """
    whole, block = np.ones((3, 5), np.int64), np.ones((3, 5), np.int64)
    for loop in range(5):
        size, own = loops.sizes[loop], loops.blocks[loop, picks[loop]]
        if loop == P or loop == Q:
            whole[0, loop] = loops.union[loop - P]
            block[0, loop] = loops.most[loop - P, picks[loop]]
        elif loop != K:
            whole[0, loop], block[0, loop] = size, own
        if loop >= K:
            whole[1, loop], block[1, loop] = size, own
        if loop != C:
            whole[2, loop], block[2, loop] = size, own
    return whole, block


@kernel
def _held(loops, order, picks):
    whole, block = needs(loops, picks)
    return Held(
        outside(order, whole[0], block[0], loops.fits[0]),
        outside(order, whole[1], block[1], loops.fits[1]),
        outside(order, whole[2], block[2], loops.fits[2]),
    )


@kernel
def _stretch(machine, order, trips, lane_groups):
    """Return how many blocks one after the other keep their lane operands in the array."""
    if not machine.stays or lane_groups > 1 or trips[C] > 1:
        return 0
    stretch = 1
    for depth in range(4, -1, -1):
        loop = order[depth]
        if machine.lane_matters[loop] and trips[loop] > 1:
            break
        stretch *= trips[loop]
    return stretch


class Factors(NamedTuple):
    """What each block of each loop contributes to what a block moves, int64 (5, most trips) each.

    A block fetches the product of its loops' factors: elements of activations, weights (without the
    taps), sums; 0 where the loop's block comes again while the operand is held.
    """

    activations: np.ndarray
    weights: np.ndarray
    outputs: np.ndarray


@kernel
def _factors(loops, order, picks, trips):
    """Return what each block of each loop contributes, and whether sums spill."""
    held = _held(loops, order, picks)
    longest = trips.max()
    factors = Factors(
        np.ones((5, longest), np.int64),
        np.ones((5, longest), np.int64),
        np.ones((5, longest), np.int64),
    )
    reach, fresh = np.zeros((2, longest), np.int64), np.zeros((2, longest), np.int64)
    reached(loops.rows, loops.blocks[P, picks[P]], reach[0], fresh[0])
    reached(loops.columns, loops.blocks[Q, picks[Q]], reach[1], fresh[1])
    spills = False
    for depth in range(5):
        loop = order[depth]
        size, block, last = loops.sizes[loop], loops.blocks[loop, picks[loop]], trips[loop] - 1
        for at in range(trips[loop]):
            own = block if at < last else size - block * last
            again = at > 0  # the same elements as the block before
            if loop == P or loop == Q:
                rows = fresh if depth >= held.activation else reach
                factors.activations[loop, at] = rows[loop - P, at]
            elif loop == K:
                factors.activations[loop, at] = 0 if again and depth >= held.activation else 1
            else:
                factors.activations[loop, at] = own
            if loop >= K:
                factors.weights[loop, at] = own
            elif again and depth >= held.weight:
                factors.weights[loop, at] = 0
            if loop != C:
                factors.outputs[loop, at] = own
            elif depth < held.sums and last > 0:
                spills = True
    return factors, spills


@kernel
def cost_of(problem, order, picks, array_cycles, most_cycles):
    """Return what a nest costs, in a batch; of one over `most_cycles` only that it is over them.

    array_cycles: that the array works at least on a run and group.

    Source: MODEL.md M40, M41.
    """
    loops, machine, prices = problem.loops, problem.machine, problem.prices
    trips = _trips(loops, picks)
    factors, spills = _factors(loops, order, picks, trips)
    stretch = _stretch(machine, order, trips, _lane_groups(problem, picks))
    moved = np.zeros(4, np.int64)
    weights_once = machine.runs > 1 and machine.weights_stay
    limits = array_cycles * machine.groups + problem.order.skew_cycles, most_cycles
    cycles = _run_cycles(problem, order, picks, trips, factors, spills, stretch, moved, limits)
    if weights_once:
        none = Factors(factors.activations, np.zeros_like(factors.weights), factors.outputs)
        later = np.zeros(4, np.int64)
        cycles += (machine.runs - 1) * _run_cycles(
            problem, order, picks, trips, none, spills, stretch, later, limits
        )
        moved += later * (machine.runs - 1)
    else:
        cycles *= machine.runs
        moved *= machine.runs
    volume = 1
    for loop in range(5):
        volume *= loops.blocks[loop, picks[loop]]
    bursts, energy_pj = 0, cycles * prices.cycle_pj
    for way in range(4):
        bursts += moved[way]
        energy_pj += moved[way] * prices.bursts_pj[way]
    if cycles <= most_cycles:
        spent = _spent(problem, picks, trips, order, spills, stretch)
        energy_pj += spent * (machine.groups * machine.runs)
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


@kernel
def _lane_groups(problem, picks):
    """Return the lane groups of the largest block."""
    loops, largest = problem.loops, 1
    if problem.machine.slots_are_positions:
        largest = loops.blocks[K, picks[K]]
    else:
        for loop in range(3):
            largest *= loops.blocks[loop, picks[loop]]
    return -(-largest // problem.machine.columns)


@kernel
def _block_size(loops, picks, trips, loop, at):
    block = loops.blocks[loop, picks[loop]]
    return block if at < trips[loop] - 1 else loops.sizes[loop] - block * at


@kernel
def _run_cycles(
    problem, order, picks, trips, factors, spills, stretch, moved, limits
):  # one argument each, for a tuple of arrays would be built for every nest
    """Return the cycles of a run, and add the bursts that it moves to `moved`, int64 (4,).

    limits: what the array works at least, and the cycles beyond which nothing is counted. Blocks are turns (MODEL.md M25, M40), and the array
    works as `kernels.timeline` says; here no event is kept.
    """
    loops, tables, machine, turns = problem.loops, problem.tables, problem.machine, problem.order
    widths = problem.widths
    passes = tables.cycles.shape[0]
    blocks = trips.prod() * machine.groups
    left, most_cycles = limits
    at = np.zeros(5, np.int64)
    now = bus_free = pass_end = stopped = np.int64(0)
    read = _block_reads(problem, factors, spills, at, moved)
    written = np.int64(0)  # of the block before
    stopped += _moves(machine, read)
    for number in range(blocks):
        positions = np.int64(1)
        for loop in range(3):
            positions *= _block_size(loops, picks, trips, loop, at[loop])
        channels = _block_size(loops, picks, trips, K, at[K])
        ci = tables.at_channels[_block_size(loops, picks, trips, C, at[C])]
        slots, lanes = positions, channels
        if not machine.slots_are_positions:
            slots, lanes = channels, positions
        si = tables.at_slots[slots]
        own_written = _block_writes(problem, factors, spills, trips, at)
        moved[3] += own_written
        begin = now + stopped
        lane_groups = -(-lanes // machine.columns)
        for index in range(passes):
            left -= lane_groups * (tables.cycles[index, ci, si] + tables.stalls[index, ci, si])
        takes = stretch == 0 or number % stretch == 0
        lane_group, before = 0, now
        while lane_group < lane_groups:
            before = now
            for index in range(passes):
                cycles, fold = tables.cycles[index, ci, si], tables.folds[index, ci, si]
                taken = fold if turns.drains else 0
                if takes and (stretch == 0 or index == 0):
                    now = max(now, bus_free - taken)
                    bus_free = now + cycles - fold + taken + turns.bus_cycles
                now += cycles
                stopped += tables.stalls[index, ci, si]
            lane_group += 1
            if lane_group == 2 and lane_groups > 2:  # all others take as long as the second
                further = lane_groups - 2
                bus_free += further * (now - before)
                now += further * (now - before)
                for index in range(passes):
                    stopped += further * tables.stalls[index, ci, si]
                break
        pass_end = now
        last = number + 1 == blocks
        if last or turns.one_buffer:
            now = max(now, pass_end + turns.skew_cycles)
        for depth in range(4, -1, -1):
            loop = order[depth]
            at[loop] += 1
            if at[loop] < trips[loop]:
                break
            at[loop] = 0
        read = np.int64(0) if last else _block_reads(problem, factors, spills, at, moved)
        if turns.one_buffer:
            stopped += _moves(machine, own_written) + _moves(machine, read)
        else:
            stopped += max(0, begin + _moves(machine, read + written) - now - stopped)
            written = own_written
            if last:
                stopped += _moves(machine, own_written)
        if now + stopped + max(0, left - turns.skew_cycles) > most_cycles:
            return most_cycles + 1
    return now + stopped


@kernel
def _block_reads(problem, factors, spills, at, moved):
    """Return the bursts that a block fetches, and add them to `moved` by what they are."""
    widths, total = problem.widths, np.int64(0)
    activations, weights, outputs = np.int64(1), np.int64(problem.loops.taps), np.int64(1)
    for loop in range(5):
        activations *= factors.activations[loop, at[loop]]
        weights *= factors.weights[loop, at[loop]]
        outputs *= factors.outputs[loop, at[loop]]
    if activations:
        bursts = -(-activations * widths.activation // widths.burst)
        moved[0] += bursts
        total += bursts
    if weights:
        bursts = -(-weights * widths.weight // widths.burst)
        moved[1] += bursts
        total += bursts
    if spills and at[C] > 0:
        bursts = -(-outputs * widths.sums // widths.burst)
        moved[2] += bursts
        total += bursts
    return total


@kernel
def _block_writes(problem, factors, spills, trips, at):
    """Return the bursts of sums or outputs that a block writes."""
    done = at[C] == trips[C] - 1
    if not done and not spills:
        return np.int64(0)
    outputs = np.int64(1)
    for loop in range(5):
        outputs *= factors.outputs[loop, at[loop]]
    bits = problem.widths.output if done else problem.widths.sums
    return -(-outputs * bits // problem.widths.burst)


@kernel
def _spent(problem, picks, trips, order, spills, stretch):
    """Return what PEs and buffers spend on the blocks of a group, in pJ (MODEL.md M22, M28)."""
    loops, energy_pj = problem.loops, 0.0
    sizes = np.empty((5, 2), np.int64)
    times = np.empty((5, 2), np.int64)
    for loop in range(5):
        for last in range(2):
            sizes[loop, last], times[loop, last] = _sized(loops, picks, loop, last)
    for kind in range(32):
        often = np.int64(1)
        own = np.empty(5, np.int64)
        for loop in range(5):
            last = (kind >> loop) & 1
            often *= times[loop, last]
            own[loop] = sizes[loop, last]
        if often:
            last = (kind >> C) & 1
            alike = trips[C] - times[C, 1] if last == 0 else 1
            ends = 1 - last, 1 if last or times[C, 1] == 0 else 0, alike if trips[C] > 1 else 0
            energy_pj += _spent_by_blocks(problem, own, often, ends, spills, stretch)
    return energy_pj


@kernel
def _spent_by_blocks(problem, own, often, ends, spills, stretch):
    """Return what PEs and buffers spend on so many blocks of one size, in pJ.

    ends: whether the first C block is among those of this size, whether the last is, and how many
    C blocks these are; 0 for the only one.
    """
    tables, machine, prices = problem.tables, problem.machine, problem.prices
    positions = own[N] * own[P] * own[Q]
    slots, lanes = positions, own[K]
    if not machine.slots_are_positions:
        slots, lanes = lanes, slots
    ci, si = tables.at_channels[own[C]], tables.at_slots[slots]
    energy_pj = 0.0
    for way in range(2):
        energy_pj += often * slots * lanes * tables.busy[way, ci] * prices.busy_pj[way]
    while lanes > 0:
        few = min(lanes, machine.columns)
        # Lane groups of all columns come first, and are alike.
        alike = often * (lanes // machine.columns if few == machine.columns else 1)
        for index in range(tables.cycles.shape[0]):
            bits = few * tables.lane_bits[index, ci]
            loads = alike * tables.loads[index, ci, si]
            words = -(-bits * tables.loads[index, ci, si] // machine.lane_port_bits) * alike
            if stretch:  # the first pass of the first block of each stretch loads
                words = 0 if index else -(-bits // machine.lane_port_bits) * alike / stretch
            energy_pj += words * prices.lane_word_pj
        energy_pj += alike * tables.slot_words[ci, si] * prices.slot_word_pj
        energy_pj += alike * _output_pj(problem, slots * few, ci, si, ends, spills)
        lanes -= few * (lanes // machine.columns if few == machine.columns else 1)
    return energy_pj


@kernel
def _output_pj(problem, done, ci, si, ends, spills):
    """Return what the sums of a tile spend on the output buffer, on average over its C blocks."""
    tables, machine, prices = problem.tables, problem.machine, problem.prices
    has_first, has_last, chunks = ends
    bits = done * problem.widths.output
    if chunks or not tables.finished[ci, si]:
        bits = done * tables.visits[ci] * problem.widths.sums
    port = machine.output_port_bits
    energy_pj = -(-bits // port) * prices.output_write_pj
    if not chunks:
        return energy_pj + -(-bits // port) * prices.output_read_pj
    sums = done * problem.widths.sums
    leaving = sums if spills else 0  # after every C block
    words = has_first * -(-(bits - sums + leaving) // port)
    words += has_last * -(-(bits + sums) // port)
    words += (chunks - has_first - has_last) * -(-(bits + leaving) // port)
    return energy_pj + words / chunks * prices.output_read_pj


@kernel
def _sized(loops, picks, loop, last):
    """Return the size of a loop's whole blocks, or of a smaller last one, and how many there are."""
    whole, rest = divmod(loops.sizes[loop], loops.blocks[loop, picks[loop]])
    if last:
        return rest, 1 if rest else 0
    return loops.blocks[loop, picks[loop]], whole


class Bound(NamedTuple):
    """What block sizes cost at least, whatever the order, in a run and group.

    array_cycles: of the array. first_cycles: until the first block is there. last_cycles: from the
    array's end until the last block is written. last_work_cycles: of the last block. written_cycles:
    the most that one block takes to be written. energy_pj: of PEs and buffers.
    """

    array_cycles: int
    first_cycles: int
    last_cycles: int
    last_work_cycles: int
    written_cycles: int
    energy_pj: float


@kernel
def bound_of(problem, picks):
    """Return what block sizes cost at least. Source: MODEL.md M41."""
    loops, tables, machine = problem.loops, problem.tables, problem.machine
    prices = problem.prices
    cycles, slot_words, lane_bits, sums = 0, 0, 0.0, 0.0
    one_chunk = loops.blocks[C, picks[C]] == loops.sizes[C]
    may_stay = machine.stays and one_chunk
    passes = tables.cycles.shape[0]
    busy = 0.0
    for last_c in range(2):
        inputs, chunks = _sized(loops, picks, C, last_c)
        if chunks == 0:
            continue
        ci = tables.at_channels[inputs]
        busy += chunks * (
            tables.busy[0, ci] * prices.busy_pj[0] + tables.busy[1, ci] * prices.busy_pj[1]
        )
        for last_n in range(2):
            images, n_times = _sized(loops, picks, N, last_n)
            for last_p in range(2):
                rows, p_times = _sized(loops, picks, P, last_p)
                for last_q in range(2):
                    columns, q_times = _sized(loops, picks, Q, last_q)
                    for last_k in range(2):
                        channels, k_times = _sized(loops, picks, K, last_k)
                        times = n_times * p_times * q_times * k_times * chunks
                        if times == 0:
                            continue
                        slots, lanes = images * rows * columns, channels
                        if not machine.slots_are_positions:
                            slots, lanes = lanes, slots
                        si = tables.at_slots[slots]
                        groups = -(-lanes // machine.columns)
                        bits = 32.0
                        for index in range(passes):
                            cycles += (
                                times
                                * groups
                                * (tables.cycles[index, ci, si] + tables.stalls[index, ci, si])
                            )
                            if not may_stay:
                                lane_bits += (
                                    times
                                    * lanes
                                    * tables.loads[index, ci, si]
                                    * tables.lane_bits[index, ci]
                                )
                        slot_words += times * groups * tables.slot_words[ci, si]
                        bits = problem.widths.sums * tables.visits[ci]
                        if one_chunk and tables.finished[ci, si]:
                            bits = problem.widths.output
                        sums += times * slots * lanes * bits
    outputs = 1.0
    for loop in range(4):
        outputs *= loops.sizes[loop]
    energy_pj = busy * outputs + slot_words * prices.slot_word_pj
    energy_pj += lane_bits / machine.lane_port_bits * prices.lane_word_pj
    sram = prices.output_read_pj + prices.output_write_pj
    energy_pj += sums / machine.output_port_bits * sram
    return _with_edges(problem, picks, cycles, energy_pj)


@kernel
def _with_edges(problem, picks, cycles, energy_pj):
    """Return the bound with the first and the last block's transfers."""
    loops, tables, machine = problem.loops, problem.tables, problem.machine
    widths = problem.widths
    inputs = loops.blocks[C, picks[C]]
    images, channels = loops.blocks[N, picks[N]], loops.blocks[K, picks[K]]
    elements = images * inputs * loops.opening[0, picks[P]] * loops.opening[1, picks[Q]]
    bursts = -(-elements * widths.activation // widths.burst)
    bursts += -(-channels * inputs * loops.taps * widths.weight // widths.burst)
    last = np.empty(5, np.int64)
    largest = 1
    for loop in range(5):
        last[loop] = _last(loops.sizes[loop], loops.blocks[loop, picks[loop]])
        if loop < C:
            largest *= loops.blocks[loop, picks[loop]]
    outputs = last[N] * last[P] * last[Q] * last[K]
    slots, lanes = last[N] * last[P] * last[Q], last[K]
    if not machine.slots_are_positions:
        slots, lanes = lanes, slots
    work = 0
    for index in range(tables.cycles.shape[0]):
        work += tables.cycles[index, tables.at_channels[last[C]], tables.at_slots[slots]]
    return Bound(
        cycles,
        _moves(machine, bursts),
        _moves(machine, -(-outputs * widths.output // widths.burst)),
        work * -(-lanes // machine.columns) + problem.order.skew_cycles,
        _moves(machine, -(-largest * widths.sums // widths.burst)),
        energy_pj,
    )


@kernel
def least_cost(problem, bound, bits, volume):
    """Return what a nest costs at least, if it moves at least so many bits of each kind in a group.

    bits: float64 (4,), of activations, weights and sums fetched, and of what is written.
    """
    machine, prices, burst_bits = problem.machine, problem.prices, problem.widths.burst
    bursts, energy_pj = 0, 0.0
    for way in range(4):
        times = 1 if way == 1 and machine.weights_stay else machine.runs
        own = np.int64(np.ceil(bits[way] / burst_bits)) * machine.groups * times
        bursts += own
        energy_pj += own * prices.bursts_pj[way]
    moves = bursts * machine.burst_cycles[0] // machine.burst_cycles[1]
    runs = machine.runs
    array = bound.array_cycles * machine.groups * runs + problem.order.skew_cycles
    if problem.order.one_buffer:
        cycles = array + moves
    else:
        first = bound.first_cycles if runs == 1 else 0  # later runs may fetch less
        cycles = max(
            array + first + bound.last_cycles * runs,
            moves + max(0, bound.last_work_cycles - bound.written_cycles),
        )
    energy_pj += cycles * prices.cycle_pj + bound.energy_pj * machine.groups * runs
    energy_pj *= 1 - 1e-9  # the exact sum is rounded in another order
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


class Best(NamedTuple):
    """The best nests that are known: equal in all but their order.

    orders, picks: int64 (most, 5). count: int64 (1,), how many. tried: int64 (2,), block sizes and
    nests that were looked at one by one.
    """

    orders: np.ndarray
    picks: np.ndarray
    count: np.ndarray
    tried: np.ndarray


@kernel
def try_orders(problem, picks, bound, best, found):
    """Try all orders of one choice of block sizes; return the best cost that is known then.

    Orders are built from the innermost loop on. What a buffer holds is known once a loop that
    matters does not fit, whatever comes outside of it; until then an operand is fetched once.
    Source: MODEL.md M41.
    """
    loops, widths = problem.loops, problem.widths
    trips = _trips(loops, picks)
    several = np.empty(5, np.int64)
    count, volume = 0, 1
    for loop in range(5):
        volume *= loops.blocks[loop, picks[loop]]
        if trips[loop] > 1:
            several[count] = loop
            count += 1
    whole, block = needs(loops, picks)
    order = np.empty(5, np.int64)
    fills = 0  # loops of one block are outermost: they change nothing
    for loop in range(5):
        if trips[loop] == 1:
            order[fills] = loop
            fills += 1
    found.tried[0] += 1
    if count == 0:
        return _try(problem, order, picks, bound.array_cycles, best, found)
    summed = np.empty(5, np.float64)
    total = np.empty(5, np.float64)
    for loop in range(5):
        summed[loop] = total[loop] = loops.sizes[loop]
    for axis in range(2):
        summed[P + axis], total[P + axis] = loops.summed[axis, picks[P + axis]], loops.union[axis]
    outputs = total[N] * loops.sizes[P] * loops.sizes[Q] * total[K]
    footprints = np.empty((6, 3), np.float64)  # at each depth; -1 once it does not fit
    bits = np.empty((6, 4), np.float64)
    for operand in range(3):
        footprints[0, operand] = 1.0
        for loop in range(5):
            footprints[0, operand] *= block[operand, loop]
    bits[0, 0] = total[N] * total[P] * total[Q] * total[C] * widths.activation
    bits[0, 1] = total[K] * total[C] * loops.taps * widths.weight
    bits[0, 2], bits[0, 3] = 0.0, outputs * widths.output
    inside = np.zeros((6, 5), np.bool_)
    orders = problem.orders[count - 1]
    number, begin = 0, 0
    total_orders = 1
    for factor in range(2, count + 1):
        total_orders *= factor
    while number < total_orders:
        cut = -1
        for depth in range(begin, count):
            loop = several[orders[number, depth]]
            inside[depth + 1] = inside[depth]
            footprints[depth + 1], bits[depth + 1] = footprints[depth], bits[depth]
            for operand in range(3):
                if footprints[depth, operand] < 0 or whole[operand, loop] == block[operand, loop]:
                    continue
                grown = (
                    footprints[depth, operand] / block[operand, loop] * whole[operand, loop]
                )
                if grown <= loops.fits[operand] + 0.5:
                    footprints[depth + 1, operand] = grown
                    continue
                footprints[depth + 1, operand] = -1.0
                if operand == 0:
                    elements = 1.0
                    for each in range(5):
                        if each == K:
                            elements *= 1 if inside[depth, K] else trips[K]
                        else:
                            elements *= total[each] if inside[depth, each] else summed[each]
                    bits[depth + 1, 0] = elements * widths.activation
                elif operand == 1:
                    elements = total[K] * total[C] * loops.taps
                    for each in range(3):
                        elements *= 1 if inside[depth, each] else trips[each]
                    bits[depth + 1, 1] = elements * widths.weight
                elif not inside[depth, C] and trips[C] > 1:
                    spilled = outputs * (trips[C] - 1) * widths.sums
                    bits[depth + 1, 2] = spilled
                    bits[depth + 1, 3] = spilled + outputs * widths.output
            inside[depth + 1, loop] = True
            least = least_cost(problem, bound, bits[depth + 1], volume)
            if better(best, least)[0]:
                cut = depth
                break
        if cut < 0:
            for depth in range(count):
                order[4 - depth] = several[orders[number, depth]]
            if not _hopeless(problem, order, picks, bound, best, bits[count], volume):
                best = _try(problem, order, picks, bound.array_cycles, best, found)
            cut = count - 1
        same = 1  # orders that begin, from the innermost loop on, as this one does up to the cut
        for factor in range(2, count - cut):
            same *= factor
        number = (number // same + 1) * same
        begin = 0
        if number < total_orders:
            while orders[number, begin] == orders[number - 1, begin]:
                begin += 1
    return best


@kernel
def _stalls_at_least(problem, order, picks, trips):
    """Return DRAM stalls that a nest has at least in a run of one group.

    Blocks are taken by the loop that advances to them: what those of one kind fetch together, and
    the array works meanwhile, is known from sums over each loop's blocks.
    """
    loops, tables, machine, widths = problem.loops, problem.tables, problem.machine, problem.widths
    factors, spills = _factors(loops, order, picks, trips)
    summed, first = np.ones((3, 5)), np.ones((3, 5))
    for operand in range(3):
        for loop in range(5):
            summed[operand, loop] = factors[operand][loop, : trips[loop]].sum()
            first[operand, loop] = factors[operand][loop, 0]
    summed[2, C], first[2, C] = trips[C] - 1.0, 0.0  # sums come back for all C blocks but the first
    bits = np.array(
        [widths.activation, widths.weight * loops.taps, widths.sums if spills else 0], np.float64
    )
    slots = loops.blocks[N, picks[N]] * loops.blocks[P, picks[P]] * loops.blocks[Q, picks[Q]]
    if not machine.slots_are_positions:
        slots = loops.blocks[K, picks[K]]
    ci = tables.at_channels[loops.blocks[C, picks[C]]]
    work = np.int64(0)
    for index in range(tables.cycles.shape[0]):
        si = tables.at_slots[slots]
        work += tables.cycles[index, ci, si] + tables.stalls[index, ci, si]
        work += problem.order.bus_cycles
    work *= _lane_groups(problem, picks)
    stalls, outer = 0.0, 1.0
    for depth in range(5):
        loop = order[depth]
        turns, fetched = outer * (trips[loop] - 1), 0.0
        for operand in range(3):
            own = bits[operand] * (summed[operand, loop] - first[operand, loop])
            for other in range(5):
                if other < depth:
                    own *= summed[operand, order[other]]
                elif other > depth:
                    own *= first[operand, order[other]]
            fetched += own
        cycles = fetched / widths.burst * machine.burst_cycles[0] / machine.burst_cycles[1]
        stalls += max(0.0, cycles - turns * work)
        outer *= trips[loop]
    return np.int64(stalls)


@kernel
def _hopeless(problem, order, picks, bound, best, bits, volume):
    """Say whether a nest surely costs more than the best one; bits: that it moves."""
    if problem.order.one_buffer or problem.machine.runs > 1:
        return False
    stalls = _stalls_at_least(problem, order, picks, _trips(problem.loops, picks))
    slower = Bound(
        bound.array_cycles + stalls,
        bound.first_cycles,
        bound.last_cycles,
        bound.last_work_cycles,
        bound.written_cycles,
        bound.energy_pj,
    )
    return better(best, least_cost(problem, slower, bits, volume))[0]


@kernel
def _try(problem, order, picks, array_cycles, best, found):
    """Return the better of a nest's cost and the best one, and keep the nest if it is as good."""
    found.tried[1] += 1
    most = np.int64(2**62)
    if problem.prices.burst_power == 0 and problem.prices.energy_power == 0:
        most = best.cycles
    cost = cost_of(problem, order, picks, array_cycles, most)
    is_better, is_same = better(cost, best)
    if is_better:
        found.count[0] = 0
        best = cost
    if (is_better or is_same) and found.count[0] < found.orders.shape[0]:
        found.orders[found.count[0]] = order
        found.picks[found.count[0]] = picks
        found.count[0] += 1
    return best


@kernel
def _fits(problem, picks):
    """Say whether a block fits all buffers, and whether there are few enough of them."""
    loops = problem.loops
    blocks = 1.0
    for loop in range(5):
        blocks *= -(-loops.sizes[loop] // loops.blocks[loop, picks[loop]])
    if blocks > MOST_BLOCKS:
        return False
    activations = (
        loops.blocks[N, picks[N]]
        * loops.most[0, picks[P]]
        * loops.most[1, picks[Q]]
        * loops.blocks[C, picks[C]]
    )
    return activations <= loops.fits[0]


@kernel
def search(problem, best, found, shortlist):
    """Find the nest that costs least, among those that cost less than `best`.

    found: what the nests that cost least are written into. shortlist: choices of block sizes with
    the least bounds that are tried before all others, so that bounds cut early.
    Returns the cost. Source: MODEL.md M41.
    """
    loops = problem.loops
    firsts = np.empty((shortlist, 5), np.int64)
    values = np.full(shortlist, np.inf)
    picks = np.zeros(5, np.int64)
    compulsory = np.zeros(4, np.float64)
    sizes = loops.sizes
    compulsory[0] = sizes[N] * loops.union[0] * loops.union[1] * sizes[C] * problem.widths.activation
    compulsory[1] = sizes[K] * sizes[C] * loops.taps * problem.widths.weight
    compulsory[3] = sizes[N] * sizes[P] * sizes[Q] * sizes[K] * problem.widths.output
    for stage in range(2):
        for k in range(loops.counts[K]):
            for c in range(loops.counts[C]):
                if loops.blocks[K, k] * loops.blocks[C, c] > loops.fits[1]:
                    continue
                for n in range(loops.counts[N]):
                    for p in range(loops.counts[P]):
                        sums = loops.blocks[K, k] * loops.blocks[N, n] * loops.blocks[P, p]
                        if sums > loops.fits[2]:
                            continue
                        for q in range(loops.counts[Q]):
                            if sums * loops.blocks[Q, q] > loops.fits[2]:
                                continue
                            picks[0], picks[1], picks[2], picks[3], picks[4] = n, p, q, k, c
                            if not _fits(problem, picks):
                                continue
                            bound = bound_of(problem, picks)
                            volume = sums * loops.blocks[Q, q] * loops.blocks[C, c]
                            least = least_cost(problem, bound, compulsory, volume)
                            if stage == 0:
                                _shortlist(firsts, values, picks, least)
                            elif not better(best, least)[0]:
                                best = try_orders(problem, picks, bound, best, found)
        if stage == 0:
            for place in range(shortlist):
                if values[place] < np.inf:
                    bound = bound_of(problem, firsts[place])
                    best = try_orders(problem, firsts[place], bound, best, found)
            found.count[0] = 0  # they are met again
            best = Cost(best.value, best.bursts, best.cycles, best.energy_pj, best.volume)
    return best


@kernel
def _shortlist(firsts, values, picks, least):
    """Keep the picks among the least, if they are."""
    place = values.size - 1
    if least.value >= values[place]:
        return
    while place > 0 and values[place - 1] > least.value:
        values[place] = values[place - 1]
        firsts[place] = firsts[place - 1]
        place -= 1
    values[place] = least.value
    firsts[place] = picks
