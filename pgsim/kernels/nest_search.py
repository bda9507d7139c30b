"""The search for the loop nest of a layer without a mask (MODEL.md M41).

Every block size of every loop is tried with every order, but for what a bound shows to be worse
than the best that is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nests import Held, Side, Walk, Widths, outside, reached, walk
from pgsim.kernels.timeline import Order, Transfers, Work, timeline

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
def walk_for(loops, order, picks):
    """Return a nest as it is walked.

    order: int64 (5,), its loops, outermost first. picks: int64 (5,), which of its sizes the block
    of each loop has.
    """
    trips = _trips(loops, picks)
    longest = trips.max()
    sizes = np.zeros((5, longest), np.int64)
    for loop in range(5):
        block = loops.blocks[loop, picks[loop]]
        sizes[loop, : trips[loop]] = block
        sizes[loop, trips[loop] - 1] = _last(loops.sizes[loop], block)
    reach, fresh = np.zeros((2, longest), np.int64), np.zeros((2, longest), np.int64)
    reached(loops.rows, loops.blocks[P, picks[P]], reach[0], fresh[0])
    reached(loops.columns, loops.blocks[Q, picks[Q]], reach[1], fresh[1])
    return Walk(order, trips, sizes, reach, fresh, loops.taps)


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


@kernel
def cost_of(problem, order, picks):
    """Return what a nest costs, in a batch. Source: MODEL.md M40, M41."""
    loops, machine, prices = problem.loops, problem.machine, problem.prices
    nest = walk_for(loops, order, picks)
    indices, moved = walk(nest, _held(loops, order, picks), problem.widths)
    blocks, groups = moved.shape[1], machine.groups
    largest = loops.blocks[K, picks[K]]
    if not machine.slots_are_positions:
        largest = 1
        for loop in range(3):
            largest *= loops.blocks[loop, picks[loop]]
    lane_groups = -(-largest // machine.columns)
    stretch = _stretch(machine, order, nest.trips, lane_groups)
    passes = problem.tables.cycles.shape[0]
    pieces = lane_groups * passes
    work = Work(
        np.zeros((pieces, 1, blocks), np.int64),
        np.zeros((pieces, 1, blocks), np.int64),
        np.zeros((pieces, 1, blocks), np.int64),
    )
    counted = _array_of(problem, nest, indices, moved, stretch, work)
    runs = 2 if machine.runs > 1 and machine.weights_stay else 1
    work = Work(
        _repeated(work.pass_cycles, runs, groups),
        _repeated(work.fold_cycles, runs, groups),
        _repeated(work.port_stall_cycles, runs, groups),
    )
    transfers = _transfers(problem, moved, runs)
    base = problem.order
    turns = Order(
        base.bus_cycles,
        base.drains,
        stretch > 0,
        stretch if stretch else blocks * groups,
        base.skew_cycles,
        base.gate_latency_cycles,
        pieces,
        False,
        base.one_buffer,
    )
    ends = timeline(work, transfers, turns).ends
    cycles = ends[0] + ends[runs - 1] * (machine.runs - 1)
    bursts, energy_pj = 0, cycles * prices.cycle_pj + counted * groups * machine.runs
    for way in range(4):
        times = 1 if way == 1 and runs == 2 else machine.runs
        own = moved[way].sum() * groups * times
        bursts += own
        energy_pj += own * prices.bursts_pj[way]
    volume = 1
    for loop in range(5):
        volume *= loops.blocks[loop, picks[loop]]
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


@kernel
def _repeated(counts, runs, groups):
    """Repeat what a group takes for all groups and runs: (pieces, runs, groups x blocks)."""
    pieces, _, blocks = counts.shape
    repeated = np.empty((pieces, runs, groups * blocks), np.int64)
    for group in range(groups):
        for run in range(runs):
            repeated[:, run, group * blocks : (group + 1) * blocks] = counts[:, 0]
    return repeated


@kernel
def _array_of(problem, nest, indices, moved, stretch, work):
    """Fill in the array's work of every block of a group; return what PEs and buffers spend, pJ."""
    tables, machine, prices = problem.tables, problem.machine, problem.prices
    passes = tables.cycles.shape[0]
    output_bits, several = problem.widths.output, nest.trips[C] > 1
    energy_pj = 0.0
    for block in range(indices.shape[1]):
        at = indices[:, block]
        positions = nest.sizes[0, at[0]] * nest.sizes[1, at[1]] * nest.sizes[2, at[2]]
        channels = nest.sizes[3, at[3]]
        slots, lanes = positions, channels
        if not machine.slots_are_positions:
            slots, lanes = channels, positions
        of_channels = tables.at_channels[nest.sizes[4, at[4]]]
        of_slots = tables.at_slots[slots]
        outputs = slots * lanes
        for way in range(2):
            energy_pj += outputs * tables.busy[way, of_channels] * prices.busy_pj[way]
        group = 0
        while lanes > 0:
            own = min(lanes, machine.columns)
            for index in range(passes):
                piece = group * passes + index
                work.pass_cycles[piece, 0, block] = tables.cycles[index, of_channels, of_slots]
                work.fold_cycles[piece, 0, block] = tables.folds[index, of_channels, of_slots]
                work.port_stall_cycles[piece, 0, block] = tables.stalls[
                    index, of_channels, of_slots
                ]
                loads = tables.loads[index, of_channels, of_slots]
                if stretch:
                    loads = 1 if index == 0 and block % stretch == 0 else 0
                bits = loads * own * tables.lane_bits[index, of_channels]
                energy_pj += -(-bits // machine.lane_port_bits) * prices.lane_word_pj
            energy_pj += tables.slot_words[of_channels, of_slots] * prices.slot_word_pj
            done = slots * own
            written = read = done * output_bits
            if several or not tables.finished[of_channels, of_slots]:
                written = read = done * tables.visits[of_channels] * problem.widths.sums
            if several:
                leaves = 1 if moved[3, block] > 0 else 0
                read += done * problem.widths.sums * (leaves - (1 if at[4] == 0 else 0))
            energy_pj += -(-written // machine.output_port_bits) * prices.output_write_pj
            energy_pj += -(-read // machine.output_port_bits) * prices.output_read_pj
            lanes -= own
            group += 1
    return energy_pj


@kernel
def _transfers(problem, moved, runs):
    """Return the cycles of DRAM around every turn (MODEL.md M25, M40)."""
    machine, groups, blocks = problem.machine, problem.machine.groups, moved.shape[1]
    turns = groups * blocks
    transfers = Transfers(
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, turns), np.int64),
    )
    for run in range(runs):
        for turn in range(turns):
            read = moved[0, turn % blocks] + moved[2, turn % blocks]
            read += moved[1, turn % blocks] if run == 0 else 0
            if problem.order.one_buffer or turn == 0:
                transfers.before[run, turn] = _moves(machine, read)
            else:
                transfers.beside[run, turn - 1] += read
            written = moved[3, turn % blocks]
            if problem.order.one_buffer or turn + 1 == turns:
                transfers.after[run, turn] = _moves(machine, written)
            else:
                transfers.beside[run, turn + 1] += written
        for turn in range(turns):
            if not problem.order.one_buffer:
                transfers.beside[run, turn] = _moves(machine, transfers.beside[run, turn])
    return transfers


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
def _sized(loops, picks, loop, last):
    """Return the size of the last block of a loop, or of another, and how many there are."""
    size, block = loops.sizes[loop], loops.blocks[loop, picks[loop]]
    whole, rest = divmod(size, block)
    if last:
        return rest, 1 if rest else 0
    return block, whole


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
        return _try(problem, order, picks, best, found)
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
            best = _try(problem, order, picks, best, found)
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
def _try(problem, order, picks, best, found):
    """Return the better of a nest's cost and the best one, and keep the nest if it is as good."""
    found.tried[1] += 1
    cost = cost_of(problem, order, picks)
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
