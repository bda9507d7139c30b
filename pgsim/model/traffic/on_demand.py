"""Bursts of the planes that only gated passes use, as outputs need them (MODEL.md M24)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.mapping.nest import sides
from pgsim.model.fetches import FETCHES
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.schemes import ACTIVATIONS


def demanded_bursts(job: Job, mask: MaskWork, once: npt.NDArray[np.bool_]) -> Counts:
    """Return the bursts that the gated outputs of every tile need and no buffer holds.

    once: bool (lane groups,), whether a lane group's operands are fetched once. Source: M24.
    """
    from pgsim.kernels.demand import Nesting, Plane  # Numba: only if masks are simulated

    shape, tiling = job.shape, job.tiling
    plane = Plane(
        tiling.batch,
        *sides(shape),
        shape.in_channels_per_group * job.demand_bits,
        job.arch.memory.dram.burst_bytes * 8,
    )
    held, fetches = once, 1
    if job.slot_operand is ACTIVATIONS:
        fetch = FETCHES[ACTIVATIONS.name]
        held, fetches = np.full(once.shape, fetch.slots_resident(job)), fetch.row_fetches(job)
    nesting = Nesting(tiling.runs, tiling.groups)
    bursts = tiling.lanes.demand(mask.rows, mask.bounds, nesting, plane, mask.taken, held)
    return tiling.by_tile(bursts) * fetches
