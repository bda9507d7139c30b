"""Problems of the search for a nest, of a layer of one tap, in which each loop has one block size.

Each element of such a layer is reached by one block of each loop that matters to it. What a test
is not about moves nothing, takes no time and costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pgsim.kernels.nest_places import places_and_sizes
from pgsim.kernels.nest_problem import BUSY_PJ, Loops, Machine, Prices, Problem, Tables
from pgsim.kernels.nests import Widths
from pgsim.kernels.turns import Order

Five = Sequence[int]  # images, rows, columns, channels, input channels

PICKS = np.zeros(5, np.int64)  # which of its sizes each loop has: its only one
ENDLESS = 2**62
ORDER = Order(
    bus_cycles=0,
    drains=False,
    operands_stay=False,
    segment_tiles=1,
    skew_cycles=0,
    gate_latency_cycles=0,
    leading=1,
    interleaved=False,
    one_buffer=False,
    run_ahead=False,
    ports_ahead=False,
)


def pieces(size: int, block: int) -> list[int]:
    """The sizes of a loop's blocks."""
    return [min(block, size - first) for first in range(0, size, block)]


def point_loops(sizes: Five, blocks: Five, **others: Any) -> Loops:
    """The loops of a layer of one tap; buffers hold anything, unless others say less."""
    own = [pieces(size, block) for size, block in zip(sizes, blocks, strict=True)]
    whole = [
        [sum(piece == block for piece in each) for each, block in zip(own, blocks, strict=True)]
    ]
    rests = [[each[-1] if each[-1] < block else 0 for each, block in zip(own, blocks, strict=True)]]
    reaches = np.zeros((2, 2, max(map(len, own))), np.int64)
    for axis in range(2):
        reaches[axis, :, : len(own[1 + axis])] = own[1 + axis]
    sides = [blocks[1:3], blocks[1:3], sizes[1:3], (0, 0)]
    loops = Loops(
        sizes=np.array([sizes, [1] * 5]),
        blocks=np.array([blocks]).T,
        parts=np.array([[blocks], whole, rests, [[int(rest > 0) for rest in rests[0]]]]).reshape(
            4, 5, 1
        ),
        sides=np.array(sides).reshape(4, 2, 1),
        reaches=reaches,
        union_rows=sizes[1],
        union_columns=sizes[2],
        fit_activations=ENDLESS,
        fit_weights=ENDLESS,
        fit_sums=ENDLESS,
        taps=1,
    )
    return loops._replace(**others)


def tables(
    inputs: Sequence[int], slots: Sequence[int], passes: int = 1, deadlines: int = 0
) -> Tables:
    """Tables of blocks of so many input channels and of so many slots, all zero."""
    shape = (len(inputs), len(slots))
    rows = 1 + 2 * deadlines if deadlines else 0
    return Tables(
        *places_and_sizes(np.array(inputs), np.array(slots)),
        tiles=np.zeros((4, passes, *shape), np.int64),
        waits=np.zeros((rows, passes, *shape), np.int64),
        slots=np.zeros((2, *shape), np.int64),
        chunks=np.zeros((len(inputs), 1 + 3 * passes), np.int64),
    )


def machine(**others: Any) -> Machine:
    """Positions are slots and channels lanes; a burst takes a cycle."""
    own = Machine(
        slot_side=0,
        lane_side=1,
        columns=1,
        groups=1,
        runs=1,
        weights_stay=False,
        burst_numerator=1,
        burst_denominator=1,
        cycle_parts=1,
        burst_parts=1,
        page_parts=0,
        page_bits=1,
        lane_port_bits=1,
        output_port_bits=1,
        lane_cycle_bits=1,
        output_cycle_bits=1,
        kept_port_bits=0,
        stays=False,
        lane_loops=0,
        decides=False,
    )
    own = own._replace(**others)
    if "burst_parts" in others:
        return own
    return own._replace(burst_parts=own.burst_numerator, cycle_parts=own.burst_denominator)


def problem(loops: Loops, of_tiles: Tables | None = None, **others: Any) -> Problem:
    """A problem in which every width is a bit, a burst too, and the value is the energy."""
    own = Problem(
        loops,
        of_tiles if of_tiles is not None else tables([1], [1]),
        machine(),
        Prices(cycle_power=0, burst_power=0, energy_power=1, pj=np.zeros(BUSY_PJ + 1)),
        Widths(activation=1, weight=1, sums=1, output=1, burst=1),
        output_bits=1,
        order=ORDER,
        orders=np.zeros((6, 120, 5), np.int64),
    )
    return own._replace(**others)
