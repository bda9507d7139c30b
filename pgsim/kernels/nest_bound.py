"""The choices of block sizes that fit the buffers, and what each costs at least (MODEL.md M41).

What a tile takes depends on its slots, and on its lanes in proportion. So what all blocks of a
choice take is a sum over the sizes of its slots, times a sum over those of its lanes. One of them
follows from its positions (images, rows, columns), the other from its channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_bursts import compulsory_bits, dram_cycles
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
    N,
    P,
    Problem,
    Q,
)
from pgsim.kernels.nest_sizes import Ints, Side, fit, side_of

Floats = npt.NDArray[np.float64]

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
    sides, flat, tiles = _sides(problem, most_blocks)
    for rows in ((_WORK, _WAIT), range(_OUTPUT_PJ)):  # the first two rule out most choices
        at = _at(sides, flat)
        edges = _edges(problem, sides, at) if len(rows) == _OUTPUT_PJ else None
        least = _least(problem, tiles.of(at, rows), edges)
        likely = np.flatnonzero(_values(problem, least) <= most_value)
        flat = flat[likely]
    few = likely if likely.size < at.inputs.size else slice(None)
    return _picks(sides, _at(sides, flat)), _table(least, at.inputs.size, few)


def choices_of_both(
    problem: Problem, other: Problem, most_blocks: int
) -> tuple[Ints, Floats, Floats]:
    """Return the same choices, and what each costs at least in either of two problems.

    other: differs in the widths of what is fetched alone.
    """
    sides, flat, tiles = _sides(problem, most_blocks)
    at = _at(sides, flat)
    takes = tiles.of(at, range(_OUTPUT_PJ))
    least, others = (
        _table(_least(each, takes, _edges(each, sides, at)), flat.size) for each in (problem, other)
    )
    return _picks(sides, at), least, others


Sides = tuple[Side, Side, Side]  # of input channels, of positions, and of channels


class _At(NamedTuple):
    """The places of choices on their sides, int64 (choices,) each; and on two sides at once."""

    inputs: Ints
    positions: Ints
    channels: Ints
    inputs_positions: Ints
    inputs_channels: Ints
    positions_channels: Ints


def _at(sides: Sides, flat: Ints) -> _At:
    """Return the places of choices on their sides from those among all, in the sides' order."""
    _, positions, channels = (each.last.size for each in sides)
    inputs_positions = flat // channels
    inputs = inputs_positions // positions
    channel = flat - inputs_positions * channels
    position = inputs_positions - inputs * positions
    pairs = (inputs_positions, inputs * channels + channel, position * channels + channel)
    return _At(inputs, position, channel, *pairs)


class _Tiles(NamedTuple):
    """What the tiles of choices take: what one side contributes, times what the other does.

    positions: float64 (5, input channels, choices of positions). channels: likewise.
    """

    positions: Floats
    channels: Floats

    def of(self, at: _At, rows: Sequence[int]) -> list[Floats]:
        """Return what the tiles of some choices take, rows of float64 (choices,).

        All other rows are 0, float64 (1,).
        """
        takes = [np.zeros(1)] * _OUTPUT_PJ
        for row in rows:
            ours = self.positions[row].take(at.inputs_positions)
            takes[row] = ours * self.channels[row].take(at.inputs_channels)
        return takes


def _sides(problem: Problem, most_blocks: int) -> tuple[Sides, Ints, _Tiles]:
    """Return the choices of each side, which of all fit, and what their tiles take.

    Choices are int64 (choices,), places among all of them.
    """
    slot_side = problem.machine.slot_side
    inputs, positions, channels = (side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,)))
    sides = (
        inputs.of(inputs.sizes[0] <= min(problem.loops.fit_weights, problem.loops.fit_activations)),
        positions.of(positions.sizes[0] <= problem.loops.fit_sums),
        channels,
    )
    flat = np.flatnonzero(fit(problem.loops, *sides, most_blocks))
    tiles = _tiles(problem, sides[0])
    own = [_sums(problem, each, tiles, place == slot_side) for place, each in enumerate(sides[1:])]
    return sides, flat, _Tiles(*own)


def _picks(sides: Sides, at: _At) -> Ints:
    """Return which of its sizes the block of each loop has, int64 (choices, 5)."""
    inputs, positions, channels = sides
    picks = np.empty((at.inputs.size, 5), np.int64)
    for loop in (N, P, Q):
        picks[:, loop] = positions.picks[loop].take(at.positions)
    picks[:, K] = channels.picks[0].take(at.channels)
    picks[:, C] = inputs.picks[0].take(at.inputs)
    return picks


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


def _edges(problem: Problem, sides: Sides, at: _At) -> Ints:
    """Return cycles of DRAM, int64 (3, choices).

    Of what the first block fetches, of what the last one writes, and of the most that one writes.
    """
    loops, widths = problem.loops, problem.widths
    inputs, positions, channels = sides
    n, p, q = positions.picks
    opening = loops.blocks[N, n] * loops.sides[OPENING, 0, p] * loops.sides[OPENING, 1, q]
    bits = np.multiply.outer(inputs.sizes[0], opening) * widths.activation
    bursts = (-(-bits // widths.burst)).take(at.inputs_positions)
    bits = np.multiply.outer(inputs.sizes[0], channels.sizes[0]) * loops.taps * widths.weight
    bursts += (-(-bits // widths.burst)).take(at.inputs_channels)
    last = -(-np.multiply.outer(positions.last, channels.last) * widths.output // widths.burst)
    most = np.multiply.outer(positions.sizes[0], channels.sizes[0]) * widths.sums
    moved = np.empty((3, bursts.size), np.int64)
    moved[0] = bursts
    last.take(at.positions_channels, out=moved[1])
    (-(-most // widths.burst)).take(at.positions_channels, out=moved[2])
    return dram_cycles(problem.machine, moved)


def _least(problem: Problem, takes: Sequence[Floats], edges: Ints | None) -> tuple[Floats, ...]:
    """Return what choices cost at least, columns as `choices_of` has them, with or without edges.

    takes: of `_Tiles.of`. A column that is alike for all choices may have one row.
    """
    machine, bursts, moved_pj = problem.machine, 0, 0.0
    for way, bits in enumerate(compulsory_bits(problem).tolist()):
        times = 1 if way == 1 and machine.weights_stay else machine.runs
        own = -(-int(bits) // problem.widths.burst) * machine.groups * times
        bursts += own
        moved_pj += own * problem.prices.pj[BURST_PJ + way]
    moved = -(-bursts * machine.burst_numerator // machine.burst_denominator)
    work = takes[_WORK] * machine.groups - takes[_WAIT]  # the first, or last, tile has no wait
    array = work * machine.runs + problem.order.skew_cycles
    wait = np.zeros(1)
    if problem.order.one_buffer:
        cycles = array + moved
    else:
        if edges is not None:
            first, last, most = edges
            # Later runs may fetch less.
            array = array + first * (machine.runs == 1) + last * machine.runs
            if not problem.order.run_ahead:
                wait = np.maximum(0, takes[_LAST] + problem.order.skew_cycles - most)
        cycles = np.maximum(array, moved + wait)
    own_pj = (takes[_GROUP_PJ] + takes[_LANE_PJ]) * machine.groups * machine.runs
    energy_pj = (own_pj + moved_pj + cycles * problem.prices.pj[CYCLE_PJ]) * _ROUNDED
    return cycles, np.full(cycles.size, float(bursts)), energy_pj, array, work, wait, own_pj


def _table(least: Sequence[Floats], choices: int, some: Ints | slice = slice(None)) -> Floats:
    """Return columns of so many choices as a table of some of them, float64 (some, 7)."""
    return np.array([np.broadcast_to(each, choices)[some] for each in least]).T


def _values(problem: Problem, least: Sequence[Floats]) -> Floats:
    """Return what is to be least of each."""
    prices = problem.prices
    powers = (prices.cycle_power, prices.burst_power, prices.energy_power)
    factors = [own for own, power in zip(least[:3], powers, strict=True) if power]
    values: Floats = reduce(np.multiply, factors)
    return values
