"""What the kernels of the search for loop nests are given, and what they return (MODEL.md M41).

What many kernels pass on is packed into few arrays: each array of an argument is compiled anew in
every kernel that takes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.nests import Widths
from pgsim.kernels.turns import Order

N, P, Q, K, C = range(5)  # images, rows, columns, output channels, input channels
MOST, OPENING, SUMMED, BEGIN = range(4)  # of Loops.sides
FULL, FULL_TIMES, REST, REST_TIMES = range(4)  # of Loops.parts
CYCLES, FOLDS, STALLS, LOADS = range(4)  # of Tables.tiles
ENDS, DEADLINES = 0, 1  # of Tables.waits
SLOT_WORDS, FINISHED = range(2)  # of Tables.slots
VISITS, LANE_BITS = 0, 1  # of Tables.chunks
CYCLE_PJ, SLOT_PJ, LANE_PJ, READ_PJ, WRITE_PJ, BURST_PJ = range(6)
KEPT_PJ = BURST_PJ + 4
BUSY_PJ = KEPT_PJ + 1
# Columns of what choices of block sizes cost at least.
LEAST_CYCLES, LEAST_BURSTS, LEAST_PJ, ARRAY_CYCLES, WORK_CYCLES, WAIT_CYCLES, OWN_PJ = range(7)


class Loops(NamedTuple):
    """The loops of a layer, and the sizes that their blocks may have.

    sizes: int64 (2, 5), of the loops, and how many sizes their blocks may have. blocks: int64 (5,
    most sizes), those, largest first. parts: int64 (4, 5, most sizes), the same again, how many
    blocks are so large, the size of a smaller last one, and how many there are. sides: int64 (4, 2,
    most sizes), input rows and columns that a block of output rows, or columns, reaches at most;
    that the first one reaches; the sum over all blocks; and where its blocks begin in `reaches`.
    reaches: int64 (2, 2, all blocks), what each block reaches, and what of it is new to it.
    union_rows, union_columns: that all blocks reach together. fit_activations, fit_weights,
    fit_sums: what the buffers hold: elements, output channels times input channels, sums. taps:
    weights of a channel and input channel.
    """

    sizes: np.ndarray
    blocks: np.ndarray
    parts: np.ndarray
    sides: np.ndarray
    reaches: np.ndarray
    union_rows: int
    union_columns: int
    fit_activations: int
    fit_weights: int
    fit_sums: int
    taps: int


class Tables(NamedTuple):
    """What tiles take, by input channels of their block and by slots.

    places: int64 (2, largest that is listed), the place in the tables of so many input channels,
    and of so many slots. sizes: int64 (2, most sizes), those, ascending. tiles: int64 (4, passes,
    input channels, slots), cycles, those of the last fold, stalls for the ports of slot operands,
    and loads of lane operands. waits: int64 (1 + 2 x deadlines, passes, input channels, slots), the
    cycle in which a pass ends, and pairs of the bits of a lane's operands that it needs and the
    cycle by whose end; no rows where other ports are not waited for (M43). slots: int64 (2, input
    channels, slots), words of slot operands in all passes, and whether sums are finished before
    they leave the array. chunks: int64 (input channels, 1 + 3 x passes), visits of sums in all
    passes, bits of a lane's operands in each pass, visits of sums in each, and busy cycles of a PE
    for an output in each.
    """

    places: np.ndarray
    sizes: np.ndarray
    tiles: np.ndarray
    waits: np.ndarray
    slots: np.ndarray
    chunks: np.ndarray


class Machine(NamedTuple):
    """The rest that decides what a nest costs.

    slot_side, lane_side: which of a block's positions (0) and channels (1) are its slots, and
    which its lanes. columns: of the array. groups: of the layer. runs: of a batch.
    weights_stay: whether only the first of them fetches weights. burst_numerator,
    burst_denominator: of the cycles of a burst at least, with its share of pages. cycle_parts:
    into which a cycle is cut. burst_parts, page_parts: that a burst takes, and a page of
    page_bits that a stream opens (M44). lane_port_bits, output_port_bits: of a word.
    lane_cycle_bits, output_cycle_bits: of all ports of the buffer in a cycle. kept_port_bits:
    of a word of outputs that stay on chip, 0 where they do not. stays: whether lane operands
    may stay in the array. lane_loops: bit by bit, the loops that matter to the operand of the
    lanes. decides: whether a mask steers more passes behind those of the tables.
    """

    slot_side: int
    lane_side: int
    columns: int
    groups: int
    runs: int
    weights_stay: bool
    burst_numerator: int
    burst_denominator: int
    cycle_parts: int
    burst_parts: int
    page_parts: int
    page_bits: int
    lane_port_bits: int
    output_port_bits: int
    lane_cycle_bits: int
    output_cycle_bits: int
    kept_port_bits: int
    stays: bool
    lane_loops: int
    decides: bool


class Prices(NamedTuple):
    """What is made least: cycles, bursts and energy, each to a power of 0 or 1, times each other.

    pj: float64 (10 + sizes of input channels,), of a cycle, of a word of slot and of lane operands,
    of sums read and written; of a burst of activations, weights and sums read, and of what is
    written; of a word of outputs that stay on chip; and what PEs spend on a batch, by the pick of
    its blocks' input channels, which alone decide it.
    """

    cycle_power: int
    burst_power: int
    energy_power: int
    pj: np.ndarray


class Problem(NamedTuple):
    """A layer on a design, and what is to be least.

    output_bits: of a finished output on chip; `widths` has what of it goes to DRAM. orders: int64
    (6, 120, 5), all orders of so many loops, by place, outermost first, in lexicographic order.
    """

    loops: Loops
    tables: Tables
    machine: Machine
    prices: Prices
    widths: Widths
    output_bits: int
    order: Order
    orders: np.ndarray


class Cost(NamedTuple):
    """What a nest costs, and how it compares: value, bursts, cycles, energy, size of a block."""

    value: float
    bursts: int
    cycles: int
    energy_pj: float
    volume: int


class Found(NamedTuple):
    """The best nest that is known.

    order, picks: int64 (5,), its loops, outermost first, and which of its sizes each has. known:
    int64 (1,), whether there is one. tried: int64 (2,), block sizes and nests that were looked at
    one by one.
    """

    order: np.ndarray
    picks: np.ndarray
    known: np.ndarray
    tried: np.ndarray
