"""Which choices of block sizes fit the buffers, and what little of them has them cost (M41).

Of a choice's costs some follow from its sides alone: what the array works on its tiles, and what
DRAM moves at least. The outermost loop of several blocks has an operand that it does not matter to.
Unless all of it is held, it comes again with each of these blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_value import value_of

SIZE, TRIPS, LAST_SIZE, PICKS = range(4)  # of `Extents`
REACH, OPENING = PICKS + 3, PICKS + 4
WORK, OF_GROUP_PJ, OF_GROUP_CYCLES, OF_LANE_PJ, OF_LANE_CYCLES, LAST, WAIT = range(7)  # of `Takes`


class Extents(NamedTuple):
    """How large blocks are by the choices of each side, and how many there are.

    inputs, channels: int64 (4, choices), of input channels, and of output channels: the size of a
    block, how many there are, the size of the last one, and which of its sizes the loop has.
    positions: int64 (8, choices), the same of positions, with a size for each of three loops, and
    the input pixels that a block reaches at most, and that the first one reaches.
    """

    inputs: np.ndarray
    positions: np.ndarray
    channels: np.ndarray


class Takes(NamedTuple):
    """What tiles take: what one side of a choice contributes times what the other one does.

    positions, channels: float64 (7, input channels, choices of that side): cycles of the array
    (`WORK`); pJ of a lane group, and its cycles where the ports of the output buffer are behind;
    both of a lane; cycles of the last block; and its longest wait.
    """

    positions: np.ndarray
    channels: np.ndarray


class Swept(NamedTuple):
    """The bursts of DRAM in a batch, at least, if a side has the outermost loop of several blocks.

    positions, channels, inputs: float64 (choices of that side,), endless where it has no such loop.
    """

    positions: np.ndarray
    channels: np.ndarray
    inputs: np.ndarray


class Limits(NamedTuple):
    """What a block may hold at most, and how many blocks there may be of a run and group."""

    activations: int
    sums: int
    weights: int
    blocks: int


class Terms(NamedTuple):
    """What a choice costs at least beside the work of its tiles.

    groups, runs: how often this comes in a batch. skew_cycles: of each run. bursts, moved_pj: of
    what any nest moves in a batch. burst_cycles, burst_pj: of each burst more. in_turn: whether
    DRAM rests while the array works. cycle_pj: of any cycle. rounded: what sums of floats are taken
    to be at least, as a share. cycle_power, burst_power, energy_power: of `Prices`.
    """

    groups: int
    runs: int
    skew_cycles: int
    bursts: float
    moved_pj: float
    burst_cycles: float
    burst_pj: float
    in_turn: bool
    cycle_pj: float
    rounded: float
    cycle_power: int
    burst_power: int
    energy_power: int


@kernel
def fitting(extents, takes, swept, limits, terms, most_value):
    """Return the choices that fit and that may cost no more than so much, and what they may cost.

    extents, takes, swept, limits, terms: as their classes say. Returns int64 (choices,), places
    among all choices, those of input channels outermost and of channels innermost; and float64
    (choices,).
    Source: MODEL.md M41.
    """
    inputs, positions, channels = extents
    ours, theirs = takes
    several = channels.shape[1]
    count = inputs.shape[1] * positions.shape[1] * several
    places, values, found = np.empty(count, np.int64), np.empty(count), 0
    for one in range(inputs.shape[1]):
        size, most_blocks = inputs[SIZE, one], limits.blocks // inputs[TRIPS, one]
        for two in range(positions.shape[1]):
            if size * positions[REACH, two] > limits.activations:
                continue
            begin = (one * positions.shape[1] + two) * several
            moved = min(swept.inputs[one], swept.positions[two])
            for three in range(several):
                if (
                    positions[SIZE, two] * channels[SIZE, three] > limits.sums
                    or size * channels[SIZE, three] > limits.weights
                    or positions[TRIPS, two] * channels[TRIPS, three] > most_blocks
                ):
                    continue
                work = ours[WORK, one, two] * theirs[WORK, one, three] * terms.groups
                work -= ours[WAIT, one, two] * theirs[WAIT, one, three]
                behind = ours[OF_GROUP_CYCLES, one, two] * theirs[OF_GROUP_CYCLES, one, three]
                behind += ours[OF_LANE_CYCLES, one, two] * theirs[OF_LANE_CYCLES, one, three]
                work = max(work, behind * terms.groups)
                own_pj = ours[OF_GROUP_PJ, one, two] * theirs[OF_GROUP_PJ, one, three]
                own_pj += ours[OF_LANE_PJ, one, two] * theirs[OF_LANE_PJ, one, three]
                value = _value(terms, work, own_pj, min(moved, swept.channels[three]))
                if value <= most_value:
                    places[found], values[found] = begin + three, value
                    found += 1
    return places[:found].copy(), values[:found].copy()


@kernel(inner=True)
def _value(terms, work, own_pj, swept):
    """Return what is to be least, of so many cycles and pJ of tiles in a run and group.

    swept: bursts of `Swept`, endless of one block.
    """
    bursts = swept if np.isfinite(swept) else terms.bursts
    moved_cycles = bursts * terms.burst_cycles
    cycles = work * terms.runs + terms.skew_cycles
    cycles = cycles + moved_cycles if terms.in_turn else max(cycles, moved_cycles)
    energy_pj = own_pj * terms.groups * terms.runs + cycles * terms.cycle_pj
    energy_pj += terms.moved_pj + (bursts - terms.bursts) * terms.burst_pj
    return value_of(terms, cycles, bursts, energy_pj) * terms.rounded
