"""The choices of block sizes that fit the buffers, and what each costs at least (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_bursts import dram_cycles, stream_parts
from pgsim.kernels.nest_fits import (
    LAST,
    OF_GROUP_CYCLES,
    OF_GROUP_PJ,
    OF_LANE_CYCLES,
    OF_LANE_PJ,
    WAIT,
    WORK,
    Takes,
    fitting,
)
from pgsim.kernels.nest_problem import (
    ARRAY_CYCLES,
    LEAST_BURSTS,
    LEAST_CYCLES,
    LEAST_PJ,
    OPENING,
    OWN_PJ,
    WAIT_CYCLES,
    WORK_CYCLES,
    C,
    K,
    N,
    P,
    Problem,
    Q,
)
from pgsim.kernels.nest_sizes import Ints, Side, extents_of, limits_of, side_of
from pgsim.kernels.nest_takes import takes_of
from pgsim.kernels.nest_terms import swept_of, terms_of

Floats = npt.NDArray[np.float64]


def choices_of(problem: Problem, most_blocks: int, most_value: float = np.inf) -> Choices:
    """Return the choices of block sizes that fit the buffers.

    most_blocks: of a run and group. most_value: the value beyond which choices are left out.
    Source: MODEL.md M41.
    """
    inputs, positions, channels = (side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,)))
    sides = (
        inputs.of(inputs.sizes[0] <= min(problem.loops.fit_weights, problem.loops.fit_activations)),
        positions.of(positions.sizes[0] <= problem.loops.fit_sums),
        channels,
    )
    takes = takes_of(problem, *sides)
    places, values = fitting(
        extents_of(problem.loops, *sides),
        takes,
        swept_of(problem, *sides),
        limits_of(problem.loops, most_blocks),
        terms_of(problem),
        most_value,
    )
    return Choices(sides, takes, places, values)


Sides = tuple[Side, Side, Side]  # of input channels, of positions, and of channels


class Choices(NamedTuple):
    """Some choices of block sizes.

    sides, takes: what each side has, and contributes. places: int64 (choices,), where they are
    among all choices. values: float64 (choices,), what is to be least, as `fitting` tells; gated
    layers, each of whose passes may fetch its own planes, may cost less.
    """

    sides: Sides
    takes: Takes
    places: Ints
    values: Floats

    def some(self, which: Ints) -> Choices:
        """Return some of them; which: places among these."""
        return self._replace(places=self.places[which], values=self.values[which])

    def picks(self) -> Ints:
        """Return which of its sizes the block of each loop has, int64 (choices, 5)."""
        return _picks(self.sides, _at(self.sides, self.places))

    def least(self, problem: Problem) -> Floats:
        """Return what each costs at least, float64 (choices, 7).

        Of a batch: cycles; bursts of DRAM; energy in pJ; cycles if DRAM were only waited for by the
        first and after the last block; the array's cycles in a run; for how long DRAM rests beside
        the last block; and what PEs and buffers spend, in pJ.

        problem: that they are of, or one that differs in the widths of what is fetched alone.
        """
        at = _at(self.sides, self.places)
        return _least(problem, _taken(self.takes, at), _edges(problem, self.sides, at))


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


def _taken(takes: Takes, at: _At) -> list[Floats]:
    """Return what the tiles of some choices take, rows of `Takes`, float64 (choices,)."""
    return [
        ours.take(at.inputs_positions) * theirs.take(at.inputs_channels)
        for ours, theirs in zip(takes.positions, takes.channels, strict=True)
    ]


def _picks(sides: Sides, at: _At) -> Ints:
    """Return which of its sizes the block of each loop has, int64 (choices, 5)."""
    inputs, positions, channels = sides
    picks = np.empty((at.inputs.size, 5), np.int64)
    for loop in (N, P, Q):
        picks[:, loop] = positions.picks[loop].take(at.positions)
    picks[:, K] = channels.picks[0].take(at.channels)
    picks[:, C] = inputs.picks[0].take(at.inputs)
    return picks


def _edges(problem: Problem, sides: Sides, at: _At) -> Ints:
    """Return cycles of DRAM, int64 (3, choices).

    Of what the first block fetches, of what the last one writes, and of the most that one writes.
    """
    loops, widths = problem.loops, problem.widths
    inputs, positions, channels = sides
    n, p, q = positions.picks
    opening = loops.blocks[N, n] * loops.sides[OPENING, 0, p] * loops.sides[OPENING, 1, q]
    bits = (
        np.multiply.outer(inputs.sizes[0], opening) * widths.activation,
        np.multiply.outer(inputs.sizes[0], channels.sizes[0]) * loops.taps * widths.weight,
        np.multiply.outer(positions.last, channels.last) * widths.output,
        np.multiply.outer(positions.sizes[0], channels.sizes[0]) * widths.sums,
    )
    pixels, kernels, last, most = (
        stream_parts(problem.machine, widths.burst, -(-each // widths.burst)) for each in bits
    )
    moved = np.empty((3, at.inputs.size), np.int64)
    np.add(pixels.take(at.inputs_positions), kernels.take(at.inputs_channels), out=moved[0])
    last.take(at.positions_channels, out=moved[1])
    most.take(at.positions_channels, out=moved[2])
    return -(-moved // problem.machine.cycle_parts)


def _least(problem: Problem, takes: Sequence[Floats], edges: Ints) -> Floats:
    """Return what choices cost at least, as `Choices.least` does; takes: of `_taken`."""
    machine, order, terms = problem.machine, problem.order, terms_of(problem)
    moved_cycles = dram_cycles(machine, int(terms.bursts))
    least = np.zeros((7, takes[WORK].size))
    # The first, or last, tile has no wait.
    work = takes[WORK] * terms.groups - takes[WAIT]
    behind = (takes[OF_GROUP_CYCLES] + takes[OF_LANE_CYCLES]) * terms.groups
    work = np.maximum(work, behind, out=least[WORK_CYCLES])
    array = np.add(work * terms.runs, terms.skew_cycles, out=least[ARRAY_CYCLES])
    if order.one_buffer:
        cycles = array + moved_cycles
    else:
        first, last, most = edges
        array += first * (terms.runs == 1) + last * terms.runs  # later runs may fetch less
        if not order.run_ahead:
            rest = takes[LAST] + (terms.skew_cycles - most)
            np.maximum(0, rest, out=least[WAIT_CYCLES])
        cycles = np.maximum(array, least[WAIT_CYCLES] + moved_cycles)
    own_pj = (takes[OF_GROUP_PJ] + takes[OF_LANE_PJ]) * (terms.groups * terms.runs)
    least[LEAST_CYCLES], least[LEAST_BURSTS], least[OWN_PJ] = cycles, terms.bursts, own_pj
    least[LEAST_PJ] = (own_pj + terms.moved_pj + cycles * terms.cycle_pj) * terms.rounded
    return least.T
