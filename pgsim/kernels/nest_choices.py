"""The choices of block sizes that fit the buffers, and what each costs at least (MODEL.md M41).

What a tile takes depends on its slots, and on its lanes in proportion. So what all blocks of a
choice take is what follows from the sizes of its slots, times what follows from those of its lanes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_bound import compulsory_bits, moves, value_of
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    BUSY_FIRST,
    BUSY_FIRST_PJ,
    BUSY_LATER,
    BUSY_LATER_PJ,
    CYCLE_PJ,
    CYCLES,
    FINISHED,
    FULL,
    FULL_TIMES,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    MOST,
    OPENING,
    READ_PJ,
    REST,
    REST_TIMES,
    SLOT_PJ,
    SLOT_WORDS,
    STALLS,
    VISITS,
    WRITE_PJ,
    C,
    K,
    N,
    P,
    Q,
)

# Columns of choices: picks by loop, and then
LEAST_CYCLES, LEAST_BURSTS, LEAST_PJ, ARRAY_CYCLES, WORK_CYCLES, WAIT_CYCLES, OWN_PJ = range(5, 12)
COLUMNS = 12
_ROUNDED = 1 - 1e-9  # the exact sums of floats are rounded in another order


class Least(NamedTuple):
    """What any nest moves in a batch at least: bursts, what they cost, and how long they take."""

    bursts: int
    energy_pj: float
    cycles: int


class Tiles(NamedTuple):
    """What tiles take of one choice of input channels, by slots, summed over its C blocks.

    work: int64 (2, slots), array cycles of a lane group, and those of the last C block without port
    stalls. pj: float64 (3, slots), of a lane group, of a lane, of an output.
    """

    work: np.ndarray
    pj: np.ndarray


class Part(NamedTuple):
    """What positions, or channels, contribute to a choice: one has the slots, the other the lanes.

    What both contribute is multiplied. work_cycles, group_pj, lane_pj: of all blocks. last_cycles:
    of the last block. bursts: that the first block fetches of the operand. largest, last: size of
    a block.
    """

    work_cycles: int
    group_pj: float
    lane_pj: float
    last_cycles: int
    bursts: int
    largest: int
    last: int


def bounds(problem, most_blocks, most, most_value=np.inf):
    """Return the choices of block sizes that fit the buffers, and what each costs at least.

    most_blocks: of a run and group. most: choices that are expected. most_value: the value beyond
    which choices are left out.
    Returns int16 (choices, 5), picks, and float64 (choices, 4), cycles, bursts, energy in pJ, and
    cycles if DRAM were only waited for by the first and after the last block. Source: MODEL.md M41.
    """
    found = choices_of(problem, most_blocks, most, most_value)
    return found[:, :LEAST_CYCLES].astype(np.int16), found[:, LEAST_CYCLES:WORK_CYCLES].copy()


@kernel
def choices_of(problem, most_blocks, most, most_value):
    """Return choices as `bounds`, float64 (choices, 12).

    Columns are the five picks; a batch's least cycles, bursts, and energy in pJ; its cycles if DRAM
    were only waited for by the first and after the last block; the array's cycles in a run and
    group; for how long DRAM rests beside the last block at least; and what PEs and buffers spend.
    """
    loops, least = problem.loops, _compulsory(problem)
    counts, blocks = loops.sizes[1], loops.blocks
    trips = (loops.parts[FULL_TIMES] + loops.parts[REST_TIMES]).astype(np.float64)
    found, count = np.empty((max(most, counts[K]), COLUMNS)), 0
    sizes, often = np.empty(8, np.int64), np.empty(8, np.int64)
    for c in range(counts[C]):
        if blocks[C, c] > min(loops.fit_weights, loops.fit_activations):
            continue
        tiles = _tiles_of(problem, c)
        for n in range(counts[N]):
            for p in range(counts[P]):
                inputs = blocks[N, n] * loops.sides[MOST, 0, p] * blocks[C, c]
                for q in range(counts[Q]):
                    positions = blocks[N, n] * blocks[P, p] * blocks[Q, q]
                    times = trips[N, n] * trips[P, p] * trips[Q, q] * trips[C, c]
                    if (
                        inputs * loops.sides[MOST, 1, q] > loops.fit_activations
                        or positions > loops.fit_sums
                        or times > most_blocks
                    ):
                        continue
                    if count + counts[K] > found.shape[0]:
                        found = _longer(found)
                    part = _positions(problem, tiles, (n, p, q, c), sizes, often)
                    channels = min(loops.fit_weights // blocks[C, c], loops.fit_sums // positions)
                    for k in range(counts[K]):
                        if blocks[K, k] > channels:
                            continue
                        if times * trips[K, k] > most_blocks:
                            break
                        row = found[count]
                        other = _channels(problem, tiles, (k, c), sizes, often)
                        if _bound(problem, least, part, other, row) <= most_value:
                            row[N], row[P], row[Q], row[K], row[C] = n, p, q, k, c
                            count += 1
    return found[:count]


@kernel
def _longer(found):
    """Return the same rows with room for as many again."""
    longer = np.empty((2 * found.shape[0], found.shape[1]))
    longer[: found.shape[0]] = found
    return longer


@kernel
def _compulsory(problem):
    """Return what any nest moves in a batch at least."""
    machine, bits, bursts, energy_pj = problem.machine, compulsory_bits(problem), 0, 0.0
    for way in range(4):
        times = 1 if way == 1 and machine.weights_stay else machine.runs
        own = np.int64(np.ceil(bits[way] / problem.widths.burst)) * machine.groups * times
        bursts += own
        energy_pj += own * problem.prices.pj[BURST_PJ + way]
    cycles = bursts * machine.burst_numerator // machine.burst_denominator
    return Least(bursts, energy_pj, cycles)


@kernel
def _tiles_of(problem, c):
    """Return what tiles take of one choice of input channels."""
    tables, machine, prices = problem.tables, problem.machine, problem.prices.pj
    passes, slots = tables.tiles.shape[1], tables.tiles.shape[3]
    work, pj = np.zeros((2, slots), np.int64), np.zeros((3, slots))
    whole = c == 0  # the largest block of a loop is all of it
    sums_pj = (prices[READ_PJ] + prices[WRITE_PJ]) / machine.output_port_bits
    for part in (FULL, REST):
        inputs, times = problem.loops.parts[part, C, c], problem.loops.parts[part + 1, C, c]
        if times == 0:
            continue
        ci = tables.places[0, inputs]
        busy_pj = tables.chunks[ci, BUSY_FIRST] * prices[BUSY_FIRST_PJ]
        busy_pj += tables.chunks[ci, BUSY_LATER] * prices[BUSY_LATER_PJ]
        for si in range(slots):
            work[1, si] = bits = 0
            for index in range(passes):
                work[1, si] += tables.tiles[CYCLES, index, ci, si]
                work[0, si] += times * tables.tiles[STALLS, index, ci, si]
                bits += tables.tiles[LOADS, index, ci, si] * tables.chunks[ci, LANE_BITS + index]
            work[0, si] += times * work[1, si]
            pj[0, si] += times * tables.slots[SLOT_WORDS, ci, si] * prices[SLOT_PJ]
            if not (machine.stays and whole):
                pj[1, si] += times * bits / machine.lane_port_bits * prices[LANE_PJ]
            sum_bits = tables.chunks[ci, VISITS] * problem.widths.sums
            if whole and tables.slots[FINISHED, ci, si]:
                sum_bits = problem.output_bits
            pj[2, si] += times * (busy_pj + sum_bits * sums_pj)
    return Tiles(work, pj)


@kernel
def _positions(problem, tiles, picks, sizes, often):
    """Return the part of positions of a choice; picks: of images, rows, columns, input channels."""
    loops, widths = problem.loops, problem.widths
    n, p, q, c = picks
    parts, kinds = loops.parts, 0
    for images in (FULL, REST):
        for rows in (FULL, REST):
            for columns in (FULL, REST):
                times = parts[images + 1, N, n] * parts[rows + 1, P, p] * parts[columns + 1, Q, q]
                if times > 0:
                    sizes[kinds] = parts[images, N, n] * parts[rows, P, p] * parts[columns, Q, q]
                    often[kinds] = times
                    kinds += 1
    elements = loops.blocks[N, n] * loops.blocks[C, c]
    elements *= loops.sides[OPENING, 0, p] * loops.sides[OPENING, 1, q]
    bursts = -(-elements * widths.activation // widths.burst)
    return _part(problem, tiles, problem.machine.slots_are_positions, sizes[:kinds], often, bursts)


@kernel
def _channels(problem, tiles, picks, sizes, often):
    """Return the part of channels of a choice; picks: of channels, input channels."""
    loops, widths = problem.loops, problem.widths
    k, c = picks
    kinds = 0
    for part in (FULL, REST):
        if loops.parts[part + 1, K, k] > 0:
            sizes[kinds], often[kinds] = loops.parts[part, K, k], loops.parts[part + 1, K, k]
            kinds += 1
    weights = loops.blocks[K, k] * loops.blocks[C, c] * loops.taps
    bursts = -(-weights * widths.weight // widths.burst)
    are_slots = not problem.machine.slots_are_positions
    return _part(problem, tiles, are_slots, sizes[:kinds], often, bursts)


@kernel
def _part(problem, tiles, are_slots, sizes, often, bursts):
    """Return the part of blocks of these sizes, of which the last one is that of the last block."""
    work = last = 0
    group_pj = lane_pj = 0.0
    for kind in range(sizes.size):
        size, times = sizes[kind], often[kind]
        if are_slots:
            si = problem.tables.places[1, size]
            work += times * tiles.work[0, si]
            last = tiles.work[1, si]
            group_pj += times * tiles.pj[0, si]
            lane_pj += times * (tiles.pj[1, si] + size * tiles.pj[2, si])
        else:
            last = -(-size // problem.machine.columns)
            work += times * last
            group_pj += times * last
            lane_pj += times * size
    return Part(work, group_pj, lane_pj, last, bursts, sizes[0], sizes[-1])


@kernel
def _bound(problem, least, part, other, row):
    """Write what a choice costs at least into its row; return its value."""
    machine, widths = problem.machine, problem.widths
    work = part.work_cycles * other.work_cycles
    own_pj = part.group_pj * other.group_pj + part.lane_pj * other.lane_pj
    own_pj *= machine.groups * machine.runs
    array = work * machine.groups * machine.runs + problem.order.skew_cycles
    wait = 0
    if problem.order.one_buffer:
        cycles = array + least.cycles
    else:
        if machine.runs == 1:  # later runs may fetch less
            array += moves(machine, part.bursts + other.bursts)
        outputs = part.last * other.last
        array += moves(machine, -(-outputs * widths.output // widths.burst)) * machine.runs
        sums = part.largest * other.largest
        written = moves(machine, -(-sums * widths.sums // widths.burst))
        last = part.last_cycles * other.last_cycles + problem.order.skew_cycles
        wait = max(0, last - written)
        cycles = max(array, least.cycles + wait)
    energy_pj = (own_pj + least.energy_pj + cycles * problem.prices.pj[CYCLE_PJ]) * _ROUNDED
    row[LEAST_CYCLES], row[LEAST_BURSTS], row[LEAST_PJ] = cycles, least.bursts, energy_pj
    row[ARRAY_CYCLES], row[WORK_CYCLES], row[WAIT_CYCLES] = array, work, wait
    row[OWN_PJ] = own_pj
    return value_of(problem.prices, cycles, least.bursts, energy_pj)
