"""What loop nests cost at least: bounds that let a search skip them (MODEL.md M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    BUSY_FIRST,
    BUSY_FIRST_PJ,
    BUSY_LATER,
    BUSY_LATER_PJ,
    CYCLE_PJ,
    CYCLES,
    FINISHED,
    LANE_BITS,
    LANE_PJ,
    LOADS,
    OPENING,
    READ_PJ,
    SLOT_PJ,
    SLOT_WORDS,
    STALLS,
    VISITS,
    WRITE_PJ,
    Bound,
    C,
    Cost,
    K,
    N,
    P,
    Q,
)

_ROUNDING = 1e-12  # a count that the largest layers have once is no less of their energy


@kernel
def _differ(one, other):
    """Say whether two numbers are more apart than sums of floats in another order."""
    return abs(one - other) > _ROUNDING * abs(other)


@kernel
def better(one, other):
    """Say whether a cost is less than another, and whether it is the same (MODEL.md M41)."""
    if _differ(one.value, other.value):
        return one.value < other.value, False
    if one.bursts != other.bursts:
        return one.bursts < other.bursts, False
    if one.cycles != other.cycles:
        return one.cycles < other.cycles, False
    if _differ(one.energy_pj, other.energy_pj):
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
def moves(machine, bursts):
    """Return the cycles that bursts take, rounded up."""
    return -(-bursts * machine.burst_numerator // machine.burst_denominator)


@kernel
def sized(loops, picks, loop, last):
    """Return the size of a loop's whole blocks, or of a smaller last one, and how many."""
    parts = 2 if last else 0
    return loops.parts[parts, loop, picks[loop]], loops.parts[parts + 1, loop, picks[loop]]


@kernel
def bound_of(problem, picks):
    """Return what block sizes cost at least; picks: int64 (5,), which of its sizes each loop has.

    Source: MODEL.md M41.
    """
    loops, machine = problem.loops, problem.machine
    positions, often = np.empty(8, np.int64), np.empty(8, np.int64)
    kinds = 0  # of blocks of positions: of each loop, its whole blocks or its smaller last one
    for last_n in range(2):
        images, n_times = sized(loops, picks, N, last_n)
        for last_p in range(2):
            rows, p_times = sized(loops, picks, P, last_p)
            for last_q in range(2):
                columns, q_times = sized(loops, picks, Q, last_q)
                if n_times * p_times * q_times > 0:
                    positions[kinds] = images * rows * columns
                    often[kinds] = n_times * p_times * q_times
                    kinds += 1
    cycles, energy_pj = 0, 0.0
    for last_c in range(2):
        inputs, c_times = sized(loops, picks, C, last_c)
        for last_k in range(2):
            channels, k_times = sized(loops, picks, K, last_k)
            if c_times * k_times == 0:
                continue
            ci = problem.tables.places[0, inputs]
            for kind in range(kinds):
                slots, lanes = positions[kind], channels
                if not machine.slots_are_positions:
                    slots, lanes = lanes, slots
                si, times = problem.tables.places[1, slots], often[kind] * c_times * k_times
                for index in range(problem.tables.tiles.shape[1]):
                    cycles += (
                        (
                            problem.tables.tiles[CYCLES, index, ci, si]
                            + problem.tables.tiles[STALLS, index, ci, si]
                        )
                        * times
                        * -(-lanes // machine.columns)
                    )
                if problem.prices.energy_power:  # else energy decides between equals alone
                    energy_pj += times * _least_pj(problem, picks, ci, si, slots, lanes)
    return _with_edges(problem, picks, cycles, energy_pj)


@kernel
def _least_pj(problem, picks, ci, si, slots, lanes):
    """Return what PEs and buffers spend on a block at least."""
    tables, machine, pj = problem.tables, problem.machine, problem.prices.pj
    one_chunk = problem.loops.blocks[C, picks[C]] == problem.loops.sizes[0, C]
    groups, outputs = -(-lanes // machine.columns), slots * lanes
    energy_pj = groups * tables.slots[SLOT_WORDS, ci, si] * pj[SLOT_PJ]
    energy_pj += outputs * tables.chunks[ci, BUSY_FIRST] * pj[BUSY_FIRST_PJ]
    energy_pj += outputs * tables.chunks[ci, BUSY_LATER] * pj[BUSY_LATER_PJ]
    if not (machine.stays and one_chunk):
        for index in range(tables.tiles.shape[1]):
            bits = tables.tiles[LOADS, index, ci, si] * tables.chunks[ci, LANE_BITS + index]
            energy_pj += lanes * bits / machine.lane_port_bits * pj[LANE_PJ]
    bits = outputs * tables.chunks[ci, VISITS] * problem.widths.sums
    if one_chunk and tables.slots[FINISHED, ci, si]:
        bits = outputs * problem.output_bits
    return energy_pj + bits / machine.output_port_bits * (pj[READ_PJ] + pj[WRITE_PJ])


@kernel
def _with_edges(problem, picks, cycles, energy_pj):
    """Return the bound with the first and the last block's transfers."""
    loops, tables, machine = problem.loops, problem.tables, problem.machine
    widths = problem.widths
    inputs = loops.blocks[C, picks[C]]
    elements = loops.blocks[N, picks[N]] * inputs
    elements *= loops.sides[OPENING, 0, picks[P]] * loops.sides[OPENING, 1, picks[Q]]
    bursts = -(-elements * widths.activation // widths.burst)
    weights = loops.blocks[K, picks[K]] * inputs * loops.taps
    bursts += -(-weights * widths.weight // widths.burst)
    last = np.empty(5, np.int64)
    largest = 1
    for loop in range(5):
        size, times = sized(loops, picks, loop, 1)
        last[loop] = size if times else loops.blocks[loop, picks[loop]]
        if loop < C:
            largest *= loops.blocks[loop, picks[loop]]
    slots, lanes = last[N] * last[P] * last[Q], last[K]
    written = -(-slots * lanes * widths.output // widths.burst)
    if not machine.slots_are_positions:
        slots, lanes = lanes, slots
    work = 0
    for index in range(tables.tiles.shape[1]):
        work += tables.tiles[CYCLES, index, tables.places[0, last[C]], tables.places[1, slots]]
    return Bound(
        cycles,
        moves(machine, bursts),
        moves(machine, written),
        work * -(-lanes // machine.columns) + problem.order.skew_cycles,
        moves(machine, -(-largest * widths.sums // widths.burst)),
        energy_pj,
    )


@kernel
def _array_bound(problem, bound):
    """Return the cycles of a batch if DRAM were waited for at the first and the last block only."""
    runs = problem.machine.runs
    cycles = bound.array_cycles * problem.machine.groups * runs + problem.order.skew_cycles
    if problem.order.one_buffer:
        return cycles
    first = bound.first_cycles if runs == 1 else 0  # later runs may fetch less
    return cycles + first + bound.last_cycles * runs


@kernel
def least_cost(problem, bound, bits, volume, stalls):
    """Return what a nest costs at least, if a group of it moves at least so many bits of each kind.

    bits: float64 (4,), of activations, weights and sums fetched, and of what is written. stalls:
    cycles that a run and group waits for DRAM at least, beside its first and last transfers.
    """
    machine, prices, burst_bits = problem.machine, problem.prices, problem.widths.burst
    runs = machine.runs
    bursts, energy_pj = 0, bound.energy_pj * machine.groups * runs
    for way in range(4):
        times = 1 if way == 1 and machine.weights_stay else runs
        own = np.int64(np.ceil(bits[way] / burst_bits)) * machine.groups * times
        bursts += own
        energy_pj += own * prices.pj[BURST_PJ + way]
    moved = bursts * machine.burst_numerator // machine.burst_denominator
    array = _array_bound(problem, bound) + stalls * machine.groups * runs
    if problem.order.one_buffer:
        cycles = array + moved
    else:
        waits = max(0, bound.last_work_cycles - bound.written_cycles)
        cycles = max(array, moved + waits)
    energy_pj += cycles * prices.pj[CYCLE_PJ]
    energy_pj *= 1 - 1e-9  # the exact sum is rounded in another order
    return Cost(value_of(prices, cycles, bursts, energy_pj), bursts, cycles, energy_pj, volume)


@kernel
def compulsory_bits(problem):
    """Return what any nest moves at least in a group, float64 (4,)."""
    loops, widths = problem.loops, problem.widths
    sizes = loops.sizes[0].astype(np.float64)
    bits = np.zeros(4, np.float64)
    bits[0] = sizes[N] * loops.union_rows * loops.union_columns * sizes[C] * widths.activation
    bits[1] = sizes[K] * sizes[C] * loops.taps * widths.weight
    bits[3] = sizes[N] * sizes[P] * sizes[Q] * sizes[K] * widths.output
    return bits
