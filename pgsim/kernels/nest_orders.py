"""What a gated layer's blocks cost in every order of their loops (MODEL.md M40, M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nests import (
    ACTIVATION,
    SUM_READ,
    WEIGHT,
    WRITTEN,
    Held,
    Walk,
    Widths,
    outside,
    walk,
)
from pgsim.kernels.timeline import stood_alone
from pgsim.kernels.turns import Order, Transfers, Work

_C = 4  # the loop of input channels


class Orders(NamedTuple):
    """Nests of the same blocks.

    loops: int64 (nests, 5), outermost first, input channels innermost of those that move. fits:
    int64 (nests, 3), what of activations, weights and sums may be held. stretches: int64 (nests,),
    blocks one after the other whose lane operands stay in the array.
    """

    loops: np.ndarray
    fits: np.ndarray
    stretches: np.ndarray


class Sized(NamedTuple):
    """A gated layer cut into blocks, whatever their order.

    walk: the nest, in any order. whole, block: int64 (3, 5), what all blocks of a loop, and one,
    need of activations, weights and sums. widths: int64 (1 + passes, 5), as `nests.Widths`, of all
    passes together, and of each alone. burst: int64 (2,), numerator and denominator of the cycles
    that it takes at least. weight_runs: of how many runs one after the other only the first fetches
    weights.
    """

    walk: Walk
    whole: np.ndarray
    block: np.ndarray
    widths: np.ndarray
    burst: np.ndarray
    weight_runs: int


class Pieces(NamedTuple):
    """What the array does in every block, blocks in raster order: images, rows, columns, channels.

    work: int64 (pieces, runs, groups * blocks) each. happens: int64 (passes, runs, groups *
    blocks), whether a pass issues anything. leading: passes that do not wait for a mask.
    """

    work: Work
    happens: np.ndarray
    leading: int


class Moved(NamedTuple):
    """Bursts of every block, in the order of execution, int64 (3, runs, groups * blocks).

    opening, rest, trailing: of activations, weights and sums, before its first C block, with its
    others, and again with its gated passes. written: int64 (runs, groups * blocks), of outputs.
    """

    opening: np.ndarray
    rest: np.ndarray
    trailing: np.ndarray
    written: np.ndarray


@kernel
def costs_of_orders(orders, sized, pieces, order):
    """Return cycles, and bursts of activations, weights, sums and outputs, of each nest.

    order: of passes, all but what `Orders.stretches` decides. Returns int64 (nests, 5).
    """
    costs = np.zeros((len(orders.loops), 5), np.int64)
    every = pieces.work.pass_cycles.shape[2]
    for number in range(len(orders.loops)):
        _, trips, sizes, reach, fresh, taps = sized.walk
        nest = Walk(orders.loops[number], trips, sizes, reach, fresh, taps)
        places, moved = _moved(nest, orders.fits[number], sized, pieces)
        stretch = orders.stretches[number]
        own = Order(
            order.bus_cycles,
            order.drains,
            stretch > 0,
            stretch if stretch > 0 else every,
            order.skew_cycles,
            order.gate_latency_cycles,
            order.leading,
            order.interleaved,
            order.one_buffer,
            order.run_ahead,
            order.ports_ahead,
        )
        work = _in_turn(pieces.work, places)
        costs[number, 0] = stood_alone(work, _transfers(moved, own, sized.burst), own)[0].sum()
        for way in range(3):
            bursts = moved.opening[way].sum() + moved.rest[way].sum()
            costs[number, 1 + way] = bursts + moved.trailing[way].sum()
        costs[number, 4] = moved.written.sum()
    return costs


@kernel(inner=True)
def _in_turn(work, places):
    """Return what the array does in every block, in the order in which they execute."""
    passes, runs, _ = work.pass_cycles.shape
    found = np.empty((3, passes, runs, places.size), np.int64)
    for index in range(passes):
        for run in range(runs):
            for number in range(places.size):
                place = places[number]
                found[0, index, run, number] = work.pass_cycles[index, run, place]
                found[1, index, run, number] = work.fold_cycles[index, run, place]
                found[2, index, run, number] = work.port_stall_cycles[index, run, place]
    return Work(found[0], found[1], found[2])


@kernel(inner=True)
def _moved(nest, fits, sized, pieces):
    """Return the raster number of each block in a nest's order, and what every block moves.

    Source: MODEL.md M40.
    """
    _, runs, every = pieces.work.pass_cycles.shape
    trips = nest.trips[_C]
    blocks = nest.trips.prod() // trips
    depths = np.zeros(3, np.int64)
    for operand in range(3):
        whole, block = sized.whole[operand], sized.block[operand]
        depths[operand] = outside(nest.order, whole, block, fits[operand])
    held = Held(depths[0], depths[1], depths[2])
    place = 0
    while nest.order[place] != _C:
        place += 1
    moved = Moved(
        np.zeros((3, runs, every), np.int64),
        np.zeros((3, runs, every), np.int64),
        np.zeros((3, runs, every), np.int64),
        np.zeros((runs, every), np.int64),
    )
    indices, bursts = walk(nest, held, _widths(sized, np.int64(0)))
    places = _places(nest.trips, indices, trips, every)
    for index in range(len(sized.widths) - 1):
        if trips > 1:
            _, own = walk(nest, held, _widths(sized, 1 + index))
        else:
            own = bursts
        for way in (ACTIVATION, WEIGHT):
            again = trips > 1 and depths[way] > place  # no C block is held until the next pass
            if again or index == 0:
                part = own if again else bursts
                _add(moved, way, part, index, sized, pieces, places)
    _add(moved, np.int64(SUM_READ), bursts, np.int64(0), sized, pieces, places)
    for number in range(every):
        first = number % blocks * trips
        moved.written[:, number] = bursts[WRITTEN, first : first + trips].sum()
    return places, moved


@kernel(inner=True)
def _widths(sized, row):
    own = sized.widths[row]
    return Widths(own[0], own[1], own[2], own[3], own[4])


@kernel(inner=True)
def _places(trips, indices, c_trips, every):
    """Return the raster number of each block of all groups, in the order in which they execute."""
    places = np.empty(every, np.int64)
    blocks = indices.shape[1] // c_trips
    for number in range(every):
        at = indices[:, number % blocks * c_trips]
        raster = ((at[0] * trips[1] + at[1]) * trips[2] + at[2]) * trips[3] + at[3]
        places[number] = number // blocks * blocks + raster
    return places


@kernel(inner=True)
def _add(moved, way, bursts, index, sized, pieces, places):
    """Add what one pass fetches of an operand, or, with the first, all of them together."""
    _, runs, every = moved.opening.shape
    trips = sized.walk.trips[_C]
    blocks = bursts.shape[1] // trips
    for number in range(every):
        block = number % blocks * trips
        opening = bursts[way, block]
        rest = bursts[way, block + 1 : block + trips].sum()
        for run in range(runs):
            if way == WEIGHT and run % sized.weight_runs > 0:
                continue
            if index == 0:
                moved.opening[way, run, number] += opening
                moved.rest[way, run, number] += rest
            elif index < pieces.leading:
                moved.rest[way, run, number] += opening + rest
            elif pieces.happens[index, run, places[number]]:
                moved.trailing[way, run, number] += opening + rest


@kernel(inner=True)
def _transfers(moved, order, burst):
    """Return the cycles of DRAM around every turn (M25, M40), as `model.nests.timing` has them."""
    _, runs, every = moved.opening.shape
    behind = 1 if order.interleaved else 0
    before, beside, after = (
        np.zeros((runs, every + behind), np.int64),
        np.zeros((runs, every + behind), np.int64),
        np.zeros((runs, every + behind), np.int64),
    )
    for run in range(runs):
        for number in range(every):
            opening = moved.opening[:, run, number].sum()
            rest, trailing = moved.rest[:, run, number].sum(), moved.trailing[:, run, number].sum()
            if order.one_buffer:
                before[run, number] = opening + rest + trailing
                after[run, number] = moved.written[run, number]
                continue
            if number == 0:
                before[run, 0] = opening
            else:
                beside[run, number - 1] += opening
            beside[run, number] += rest
            beside[run, number + behind] += trailing
            if number < every - 1:
                beside[run, number + behind + 1] += moved.written[run, number]
        if not order.one_buffer:
            after[run, every + behind - 1] = moved.written[run, every - 1]
        if order.run_ahead:
            beside[run, 0] = beside[run].sum()
            beside[run, 1:] = 0
    for each in (before, beside, after):
        for run in range(runs):
            for turn in range(every + behind):
                each[run, turn] = -(-each[run, turn] * burst[0] // burst[1])
    return Transfers(before, beside, after, np.zeros((runs, every), np.int64))
