"""What is fetched from DRAM of one operand, as it feeds slots or lanes (MODEL.md M23)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.model.job import Job
from pgsim.model.passes import Timings
from pgsim.schemes import Operand

Bools = npt.NDArray[np.bool_]

_TOO_LARGE = 2**63  # for int64
UNBOUNDED = 2**61  # bits: no layer's input is as large


class Fetch:
    """How an operand comes from DRAM; counts are of bursts, int64 that broadcast to the tiles."""

    operand: Operand

    def group_elements(self, job: Job) -> int:
        """Return the elements that one run and group has of the operand."""
        raise NotImplementedError

    def usable_bits(self, job: Job) -> int:
        """Return the bits of the operand's buffer that one tile may use (U of MODEL.md).

        All of a tensor that stays on chip is there, whatever its size (M42, M55).
        """
        raise NotImplementedError

    def comes(self, job: Job) -> bool:
        """Return whether it comes from DRAM, and did not stay there since it was made."""
        return True

    def demand_bits(self, job: Job) -> int:
        """Return the bits of an element that are fetched as gated outputs need them (M24)."""
        return 0

    def row_fetches(self, job: Job) -> int:
        """Return how often each row of what feeds the slots is fetched in a run (M23)."""
        return 1

    def lane_opening_bits(self, job: Job) -> int:
        """Return the bits of a lanes' element that the first pass of a tile fetches at least."""
        return self.operand.bits(job.passes[0])

    def slot_opening_bits(self, job: Job) -> int:
        """Return the same of a slots' element."""
        return self.lane_opening_bits(job)

    def lane_footprint_bits(self, job: Job) -> Counts:
        """Return what a lane group's operands take on chip, int64 (lane groups,)."""
        raise NotImplementedError

    def slots_resident(self, job: Job) -> bool:
        """Return whether the buffer holds what all slots of a run and group need."""
        raise NotImplementedError

    def windows_held(self, job: Job) -> Bools:
        """Say of each window whether all its passes share one fetch of the slots' operand."""
        return np.ones(job.tiling.window_slots.size, np.bool_)

    def only_in_first_run(self, job: Job) -> bool:
        """Return whether the runs of a batch that depend on each other share one fetch."""
        return False

    def of_lanes(self, job: Job, timings: Timings, once: Bools) -> Counts:
        """Return the bursts that feed lanes.

        once: bool (lane groups,), whether a lane group's operands are fetched once.
        """
        raise NotImplementedError

    def of_slots(self, job: Job, timings: Timings) -> Counts:
        """Return the bursts that feed slots."""
        raise NotImplementedError


def bursts(job: Job, bits: Counts) -> Counts:
    """Round each transfer up to whole bursts."""
    return -(bits // (job.arch.memory.dram.burst_bytes * -8))


def first(size: int) -> Counts:
    """Return one 1 and then zeros, int64 (size,)."""
    ones: Counts = np.zeros(size, np.int64)
    ones[0] = 1
    return ones


def by_lane_groups(job: Job, fetched: Counts, *, resident: bool) -> Counts:
    """Return what each lane group fetches of the slot operand: the first one alone, or each again.

    fetched: int64 (windows,). Returns int64 that broadcasts to (lane groups, windows).
    """
    if not resident:
        return fetched
    of_first = np.zeros((job.tiling.lane_group_lanes.size, fetched.size), np.int64)
    of_first[0] = fetched
    return of_first


def shares(total: int, parts: Counts) -> Counts:
    """Cut `total` bits in proportion to `parts`, so that the pieces add up to it (M23)."""
    if parts.size == 1:
        return np.array([total], np.int64)
    ends = np.add.accumulate(parts)
    all_parts = int(ends[-1])
    if total * all_parts < _TOO_LARGE:
        upto: Counts = total * ends // all_parts
    else:
        upto = np.array([total * end // all_parts for end in ends.tolist()])
    cut = upto.copy()
    cut[1:] -= upto[:-1]
    return cut
