"""What blocks move at least of a layer that a mask steers, in some batches (MODEL.md M40, M41).

Of several blocks of input channels that are not held, each pass fetches its own planes, and a gated
one only where a block has an entry.
"""

from __future__ import annotations

import numpy as np

from pgsim.arch import Counts
from pgsim.model.search.bounds import later_bits
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.windows import Windows


def first_bursts(geometry: Geometry, windows: Windows, places: Counts) -> Counts:
    """Return the bursts of choices at least if gated passes fetch nothing of their own, int64.

    places: of these choices among those of the geometry.
    """
    return geometry.bursts(places) * windows.block.batches


def every_bursts(geometry: Geometry, windows: Windows, places: Counts) -> Counts:
    """Return the same with what gated passes fetch for blocks that have an entry.

    What is held comes for all passes at once. What is not comes again with a gated pass, for each
    block that has an entry, so that an operand's bits are at least those, or all are as if held.
    """
    job, problem, bursts = geometry.job, geometry.problem, first_bursts(geometry, windows, places)
    activation_bits, weight_bits = later_bits(job, problem)
    if not activation_bits and not weight_bits:
        return bursts
    reached = windows.fullest.reached(problem.loops, geometry.bounds[0][places])
    if reached is None:
        return bursts
    empty, pixels, channels = reached
    taken = job.shape.in_channels_per_group
    held = geometry.bursts_of_all_passes(places) * windows.block.batches
    least = held.copy()
    for bits, elements in ((activation_bits, pixels), (weight_bits, channels * job.shape.taps)):
        if bits:
            again = -(elements * bits * taken // -problem.widths.burst)
            least = np.where(empty, np.minimum(least, bursts + again), least)
    return least
