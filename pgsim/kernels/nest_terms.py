"""What any choice of block sizes costs at least beside the work of its tiles (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_bursts import ROUNDED, compulsory_bits
from pgsim.kernels.nest_fits import Swept, Terms
from pgsim.kernels.nest_problem import (
    BURST_PJ,
    CYCLE_PJ,
    FULL_TIMES,
    MOST,
    REST_TIMES,
    C,
    K,
    N,
    Problem,
)
from pgsim.kernels.nest_sizes import Ints, Side

Floats = npt.NDArray[np.float64]


def swept_of(problem: Problem, inputs: Side, positions: Side, channels: Side) -> Swept:
    """Return the bursts of a batch at least, by the side that has the outermost loop.

    An operand that this loop does not matter to comes with each of its blocks, unless all of it is
    held. Sums leave after all but the last block of input channels, and come back.
    """
    loops, machine, widths = problem.loops, problem.machine, problem.widths
    activations, weights, _, _ = compulsory_bits(problem) * machine.groups
    n, p, q, k, c = loops.sizes[0].tolist()
    reach = min(loops.sides[MOST, :, 0].prod(), loops.union_rows * loops.union_columns)
    sums = n * p * q * k * machine.groups
    again = (
        weights * (k * c > loops.fit_weights) * machine.runs,
        activations * (n * reach * c > loops.fit_activations) * machine.runs,
        2 * sums * widths.sums * (n * p * q * k > loops.fit_sums) * machine.runs,
    )
    bursts, trips = terms_of(problem).bursts, loops.parts[FULL_TIMES] + loops.parts[REST_TIMES]

    def swept(loop: int, picks: Ints, bits: float) -> Floats:
        own = trips[loop, picks]
        return np.where(own > 1, bursts + (own - 1) * (bits / widths.burst), np.inf)

    return Swept(
        reduce(
            np.minimum, (swept(N + at, own, again[0]) for at, own in enumerate(positions.picks))
        ),
        swept(K, channels.picks[0], again[1]),
        swept(C, inputs.picks[0], again[2]),
    )


def terms_of(problem: Problem) -> Terms:
    """Return what any choice costs at least beside the work of its tiles."""
    machine, prices, bursts, moved_pj = problem.machine, problem.prices, 0, 0.0
    for way, bits in enumerate(compulsory_bits(problem).tolist()):
        times = 1 if way == 1 and machine.weights_stay else machine.runs
        own = -(-int(bits) // problem.widths.burst) * machine.groups * times
        bursts += own
        moved_pj += own * float(prices.pj[BURST_PJ + way])
    return Terms(
        machine.groups,
        machine.runs,
        problem.order.skew_cycles,
        float(bursts),
        moved_pj,
        machine.burst_numerator / machine.burst_denominator,
        float(min(prices.pj[BURST_PJ : BURST_PJ + 4])),
        problem.order.one_buffer,
        float(prices.pj[CYCLE_PJ]),
        ROUNDED,
        prices.cycle_power,
        prices.burst_power,
        prices.energy_power,
    )
