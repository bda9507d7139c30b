"""The choices of block sizes that fit the buffers, and what each costs at least (MODEL.md M41).

What a tile takes depends on its slots, and on its lanes in proportion. So what all blocks of a
choice take is a sum over the sizes of its slots, times a sum over those of its lanes. One of them
follows from its positions (images, rows, columns), the other from its channels.
"""

from __future__ import annotations

from functools import reduce
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_places import INPUTS, SLOTS, places_of
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
    C,
    K,
    Machine,
    N,
    P,
    Problem,
    Q,
)
from pgsim.kernels.nest_sizes import Ints, Side, fit, side_of

Floats = npt.NDArray[np.float64]
Moved = TypeVar("Moved", Ints, Floats)

# What choices cost at least.
LEAST_CYCLES, LEAST_BURSTS, LEAST_PJ, ARRAY_CYCLES, WORK_CYCLES, WAIT_CYCLES, OWN_PJ = range(7)
_WORK, _GROUP_PJ, _LANE_PJ, _LAST, _WAIT, _OUTPUT_PJ = range(6)  # what tiles take
_ROUNDED = 1 - 1e-9  # the exact sums of floats are rounded in another order


def choices_of(
    problem: Problem, most_blocks: int, most_value: float = np.inf
) -> tuple[Ints, Floats]:
    """Return the choices of block sizes that fit the buffers, and what each costs at least.

    most_blocks: of a run and group. most_value: the value beyond which choices are left out.
    Returns int64 (choices, 5), which of its sizes the block of each loop has, and float64 (choices,
    7), what a batch costs at least: cycles; bursts of DRAM; energy in pJ; cycles if DRAM were only
    waited for by the first and after the last block; the array's cycles in a run; for how long
    DRAM rests beside the last block; and what PEs and buffers spend, in pJ.
    Source: MODEL.md M41.
    """
    sides, at, takes = _taken(problem, most_blocks)
    for edges in (False, True):  # few choices are left when these are looked at
        least = _least(problem, takes, _edges(problem, sides, at) if edges else None)
        likely = _values(problem, least) <= most_value
        if not likely.all():
            at, takes, least = at[:, likely], takes[:, likely], least[:, likely]
    return _picks(sides, at), np.ascontiguousarray(least.T)


def choices_of_both(
    problem: Problem, other: Problem, most_blocks: int
) -> tuple[Ints, Floats, Floats]:
    """Return the same choices, and what each costs at least in either of two problems.

    other: differs in the widths of what is fetched alone.
    """
    sides, at, takes = _taken(problem, most_blocks)
    least, others = (
        np.ascontiguousarray(_least(each, takes, _edges(each, sides, at)).T)
        for each in (problem, other)
    )
    return _picks(sides, at), least, others


def _taken(problem: Problem, most_blocks: int) -> tuple[tuple[Side, Side, Side], Ints, Floats]:
    """Return the choices of each side, those of all that fit, and what their tiles take."""
    slot_side = problem.machine.slot_side
    inputs, positions, channels = (side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,)))
    sides = (
        inputs.of(inputs.sizes[0] <= min(problem.loops.fit_weights, problem.loops.fit_activations)),
        positions.of(positions.sizes[0] <= problem.loops.fit_sums),
        channels,
    )
    at = np.array(np.nonzero(fit(problem.loops, *sides, most_blocks)))
    tiles = _tiles(problem, sides[0])
    ours, theirs = (
        _sums(problem, each, tiles, place == slot_side) for place, each in enumerate(sides[1:])
    )
    return sides, at, ours[:, at[0], at[1]] * theirs[:, at[0], at[2]]


def _picks(sides: tuple[Side, Side, Side], at: Ints) -> Ints:
    """Return which of its sizes the block of each loop has, int64 (choices, 5)."""
    inputs, positions, channels = sides
    c, m, k = at
    images, rows, columns = positions.picks[:, m]
    picks = (images, rows, columns, channels.picks[0, k], inputs.picks[0, c])
    return np.ascontiguousarray(np.array(picks).T)


def with_bursts(problem: Problem, least: Floats, bursts: Ints) -> Floats:
    """Return what choices cost at least, as `choices_of` does, if they move at least so much.

    bursts: int64 (choices,), of a batch.
    """
    machine, pj, found = problem.machine, problem.prices.pj, least.copy()
    found[:, LEAST_BURSTS] = np.maximum(bursts, least[:, LEAST_BURSTS])
    moved = _moves(machine, found[:, LEAST_BURSTS])
    if problem.order.one_buffer:
        found[:, LEAST_CYCLES] = least[:, ARRAY_CYCLES] + moved
    else:
        ends = moved + least[:, WAIT_CYCLES]
        found[:, LEAST_CYCLES] = np.maximum(least[:, LEAST_CYCLES], ends)
    more_pj = (found - least)[:, [LEAST_BURSTS, LEAST_CYCLES]] @ (
        min(pj[BURST_PJ : BURST_PJ + 4]),
        pj[CYCLE_PJ],
    )
    found[:, LEAST_PJ] += more_pj * _ROUNDED
    return found


def compulsory_bits(problem: Problem) -> Floats:
    """Return what any nest moves at least in a group, float64 (4,)."""
    loops, widths = problem.loops, problem.widths
    n, p, q, k, c = loops.sizes[0].tolist()
    activations = n * loops.union_rows * loops.union_columns * c * widths.activation
    weights = k * c * loops.taps * widths.weight
    return np.array([activations, weights, 0, n * p * q * k * widths.output], np.float64)


def _tiles(problem: Problem, inputs: Side) -> Floats:
    """Return what tiles take, float64 (6, input channels, slots), summed over all C blocks.

    Rows are the array's cycles of a lane group, waits for its buses included (M18); pJ of a lane
    group, and of a lane; cycles of the last C block without stalls and waits; the longest wait of
    a tile; and pJ of an output.
    """
    tables, machine, pj = problem.tables, problem.machine, problem.prices.pj
    totals = tables.tiles.sum(axis=1)
    lane_bits = tables.chunks[:, LANE_BITS : LANE_BITS + tables.tiles.shape[1]]
    bits = np.einsum("pcs,cp->cs", tables.tiles[LOADS], lane_bits)
    busy_pj = tables.chunks[:, [BUSY_FIRST, BUSY_LATER]] @ pj[[BUSY_FIRST_PJ, BUSY_LATER_PJ]]
    sum_bits = np.repeat(tables.chunks[:, [VISITS]] * problem.widths.sums, bits.shape[1], axis=1)
    tiles = np.zeros((6, inputs.last.size, bits.shape[1]))
    waits = np.maximum(0, problem.order.bus_cycles - tables.tiles[FOLDS]).sum(axis=0)
    for sizes, often in zip(inputs.sizes, inputs.often, strict=True):
        ci, times = places_of(tables, INPUTS, sizes), often[:, None]
        own_bits, own_sums, own_waits = bits[ci], sum_bits[ci], waits[ci]
        whole = inputs.trips == 1
        if machine.stays:
            own_bits[whole] = own_waits[whole] = 0
        done = whole[:, None] & (tables.slots[FINISHED, ci] > 0)
        own_sums[done] = problem.output_bits
        tiles[_WORK] += times * ((totals[CYCLES] + totals[STALLS])[ci] + own_waits)
        tiles[_WAIT] = np.maximum(tiles[_WAIT], (times > 0) * own_waits)
        tiles[_GROUP_PJ] += times * tables.slots[SLOT_WORDS, ci] * pj[SLOT_PJ]
        tiles[_LANE_PJ] += times * own_bits / machine.lane_port_bits * pj[LANE_PJ]
        sums_pj = own_sums / machine.output_port_bits * (pj[READ_PJ] + pj[WRITE_PJ])
        tiles[_OUTPUT_PJ] += times * (busy_pj[ci][:, None] + sums_pj)
    tiles[_LAST] = totals[CYCLES, places_of(tables, INPUTS, inputs.last)]
    return tiles


def _sums(problem: Problem, side: Side, tiles: Floats, are_slots: bool) -> Floats:
    """Return what all blocks of one side contribute, float64 (5, input channels, choices).

    What both sides contribute is multiplied. Rows are as those of `_tiles`.
    """
    columns, found = problem.machine.columns, np.zeros((5, tiles.shape[1], side.last.size))
    for sizes, often in zip(side.sizes, side.often, strict=True):
        if not often.any():
            continue
        if are_slots:
            own = tiles[:, :, places_of(problem.tables, SLOTS, sizes)]
            own[_LANE_PJ] += sizes * own[_OUTPUT_PJ]
            found[:_LAST] += often * own[:_LAST]
            found[_WAIT] = np.maximum(found[_WAIT], (often > 0) * own[_WAIT])
        else:
            found[[_WORK, _GROUP_PJ]] += often * -(-sizes // columns)
            found[_LANE_PJ] += often * sizes
    if are_slots:
        found[_LAST] = tiles[_LAST][:, places_of(problem.tables, SLOTS, side.last)]
    else:
        found[_LAST] = -(-side.last // columns)
        found[_WAIT] = 1
    return found


def _edges(problem: Problem, sides: tuple[Side, Side, Side], at: Ints) -> Ints:
    """Return cycles of DRAM, int64 (3, choices).

    Of what the first block fetches, of what the last one writes, and of the most that one writes.
    """
    loops, widths = problem.loops, problem.widths
    inputs, positions, channels = sides
    c, m, k = at
    n, p, q = positions.picks
    opening = loops.blocks[N, n] * loops.sides[OPENING, 0, p] * loops.sides[OPENING, 1, q]
    bits = np.multiply.outer(inputs.sizes[0], opening) * widths.activation
    bursts = -(-bits // widths.burst)[c, m]
    bits = np.multiply.outer(inputs.sizes[0], channels.sizes[0]) * loops.taps * widths.weight
    bursts += -(-bits // widths.burst)[c, k]
    last = -(-np.multiply.outer(positions.last, channels.last) * widths.output // widths.burst)
    most = np.multiply.outer(positions.sizes[0], channels.sizes[0]) * widths.sums
    moved = [bursts, last[m, k], -(-most // widths.burst)[m, k]]
    return _moves(problem.machine, np.array(moved))


def _moves(machine: Machine, bursts: Moved) -> Moved:
    """Return the cycles that bursts take, rounded up: each transfer is, and so are all."""
    return -(-bursts * machine.burst_numerator // machine.burst_denominator)


def _least(problem: Problem, takes: Floats, edges: Ints | None) -> Floats:
    """Return what choices cost at least, as `choices_of` does, with or without edges."""
    machine, bursts, moved_pj = problem.machine, 0, 0.0
    for way, bits in enumerate(compulsory_bits(problem).tolist()):
        times = 1 if way == 1 and machine.weights_stay else machine.runs
        own = -(-int(bits) // problem.widths.burst) * machine.groups * times
        bursts += own
        moved_pj += own * problem.prices.pj[BURST_PJ + way]
    moved = -(-bursts * machine.burst_numerator // machine.burst_denominator)
    work = takes[_WORK] * machine.groups - takes[_WAIT]  # the first, or last, tile has no wait
    array = work * machine.runs + problem.order.skew_cycles
    wait = np.zeros(array.size)
    if problem.order.one_buffer:
        cycles = array + moved
    else:
        if edges is not None:
            first, last, most = edges
            array += first * (machine.runs == 1) + last * machine.runs  # later runs may fetch less
            if not problem.order.run_ahead:
                wait = np.maximum(0, takes[_LAST] + problem.order.skew_cycles - most)
        cycles = np.maximum(array, moved + wait)
    own_pj = (takes[_GROUP_PJ] + takes[_LANE_PJ]) * machine.groups * machine.runs
    energy_pj = (own_pj + moved_pj + cycles * problem.prices.pj[CYCLE_PJ]) * _ROUNDED
    fixed = np.full(array.size, float(bursts))
    return np.array([cycles, fixed, energy_pj, array, work, wait, own_pj])


def _values(problem: Problem, least: Floats) -> Floats:
    """Return what is to be least of each."""
    prices = problem.prices
    powers = (prices.cycle_power, prices.burst_power, prices.energy_power)
    factors = [row for row, power in zip(least[:3], powers, strict=True) if power]
    values: Floats = reduce(np.multiply, factors)
    return values
