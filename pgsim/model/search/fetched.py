"""What blocks move at least of a layer that a mask steers, in some batches (MODEL.md M40, M41).

Of several blocks of input channels that are not held, each pass fetches its own planes, and a gated
one only where a block has an entry. What is held comes once for all passes.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping.nest import CHANNELS, IMAGES, IN_CHANNELS, ROWS
from pgsim.model.blocks import Block
from pgsim.model.fetches import Bools
from pgsim.model.job import Job
from pgsim.model.search.bounds import later_bits
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.windows import Windows


def first_bursts(geometry: Geometry, windows: Windows, places: Counts) -> Counts:
    """Return the bursts of choices at least if gated passes fetch nothing of their own, int64.

    places: of these choices among those of the geometry.
    """
    return geometry.bursts(places) * windows.block.batches


def every_bursts(geometry: Geometry, windows: Windows, places: Counts) -> Counts:
    """Return the same with what gated passes fetch for blocks that have an entry."""
    bursts = first_bursts(geometry, windows, places)
    several = geometry.bounds[0][places, IN_CHANNELS] > 0
    if not any(later_bits(geometry.job, geometry.problem)):
        several &= ~_fit(geometry, places).all(axis=0)
    some = np.flatnonzero(several)
    reached = windows.fullest.reached(geometry.problem.loops, geometry.bounds[0][places[some]])
    if reached is not None:
        bursts[some] = _with_gated(geometry, places[some], bursts[some], reached, windows.block)
    return bursts


def _with_gated(
    geometry: Geometry, places: Counts, first: Counts, reached: Counts, block: Block
) -> Counts:
    """Return what choices move at least whose blocks of input channels are several.

    Tried is which of the two operands are held over all input channels, where they fit. An operand
    that is not held comes again for each block that has an entry. If that is every block, or if the
    first pass has fetched all of its bits, this adds to what would be moved if it were held.

    first: of `first_bursts`. reached: of `reached_by_entries`.
    """
    empty, *elements = reached
    held = geometry.bursts_of_all_passes(places) * block.batches
    own_bits, later = _gated_bits(geometry.job), later_bits(geometry.job, geometry.problem)
    bits = [own * each for own, each in zip(own_bits, elements, strict=True)]
    burst, fits = geometry.problem.widths.burst, _fit(geometry, places)
    least = np.full(places.size, np.iinfo(np.int64).max)
    for unheld in product((False, True), repeat=2):
        again = sum(each * apart for each, apart in zip(bits, unheld, strict=True))
        more = sum(
            each * (apart and not own) for each, apart, own in zip(bits, unheld, later, strict=True)
        )
        moved = first - np.asarray(again) // -burst
        as_if_held = held - np.asarray(more) // -burst
        all_come = not any(apart and own for apart, own in zip(unheld, later, strict=True))
        moved = np.maximum(moved, np.where(all_come | (empty == 0), as_if_held, 0))
        may_be = np.logical_or(fits, np.array(unheld)[:, None]).all(axis=0)
        least = np.where(may_be, np.minimum(least, moved), least)
    return least


def _gated_bits(job: Job) -> tuple[int, int]:
    """Return the bits that gated passes fetch of all input channels of a pixel and of a kernel."""
    gated = [each for each in job.passes if each.gated]
    activations = 0 if job.inputs_stay else sum(each.activation_bits for each in gated)
    weights = 0 if job.weights_stay else sum(each.weight_bits for each in gated)
    taken = job.shape.in_channels_per_group
    return activations * taken, weights * taken * job.shape.taps


def _fit(geometry: Geometry, places: Counts) -> Bools:
    """Say of which choices activations, and weights, fit with all input channels, bool (2, ...)."""
    from pgsim.kernels.nest_problem import MOST  # Numba: only if nests are searched

    loops, picks = geometry.problem.loops, geometry.bounds[0][places].T
    images, channels = (loops.blocks[loop, picks[loop]] for loop in (IMAGES, CHANNELS))
    rows, columns = (loops.sides[MOST, axis, picks[ROWS + axis]] for axis in range(2))
    taken = geometry.job.shape.in_channels_per_group
    fit: Bools = np.array(
        [
            images * rows * columns * taken <= loops.fit_activations,
            channels * taken <= loops.fit_weights,
        ]
    )
    return fit
