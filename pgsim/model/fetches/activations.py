"""Activations: shares of a group's input, planes ahead of need or on demand (M23, M24)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import NOTHING, Counts
from pgsim.model.fetches.fetch import (
    UNBOUNDED,
    Bools,
    Fetch,
    bursts,
    by_lane_groups,
    first,
    shares,
)
from pgsim.model.job import Job
from pgsim.model.passes import Timings
from pgsim.schemes import ACTIVATIONS, union


class ActivationFetch(Fetch):
    """A lane group, or a window, fetches its share of the input of its run and group."""

    operand = ACTIVATIONS

    def group_elements(self, job: Job) -> int:
        """Return the elements of the input."""
        return job.run_inputs

    def usable_bits(self, job: Job) -> int:
        """Return the bits that no tensor takes which stays for the layers to come (M42)."""
        if job.inputs_stay:
            return UNBOUNDED
        memory = job.arch.memory
        return (int(memory.activation_sram.kib * 8192) - job.retained_bits) // memory.halves

    def comes(self, job: Job) -> bool:
        """Return whether the inputs did not stay (M42)."""
        return not job.inputs_stay

    def demand_bits(self, job: Job) -> int:
        """Return those that only gated passes use."""
        return job.demand_bits

    def row_fetches(self, job: Job) -> int:
        """Return how often an input row is fetched: once, if the rows under a kernel fit (M23).

        Of several frames those are all rows from the kernel's first to its last. Where only those
        under its taps fit, a row is fetched for each frame of the kernel, else for each of its
        rows.
        """
        rows, columns = job.shape.run_sides
        row_bits = columns.inputs * job.shape.in_channels_per_group * job.activation_bits
        fit = self.usable_bits(job) // row_bits
        if (rows.frames.taps - 1) * rows.rows.inputs + rows.rows.taps <= fit:
            return 1
        return rows.frames.taps if rows.taps <= fit else rows.taps

    def slot_opening_bits(self, job: Job) -> int:
        """Return all bits: planes come together."""
        return job.activation_bits

    def lane_footprint_bits(self, job: Job) -> Counts:
        """Return the elements of the lanes' reductions, at most the whole input."""
        elements = job.tiling.lane_group_lanes * job.shape.reduction
        return np.minimum(elements, job.run_inputs) * job.activation_bits

    def slots_resident(self, job: Job) -> bool:
        """Return whether the buffer holds a group's whole input."""
        return job.run_inputs * job.activation_bits <= self.usable_bits(job)

    def of_lanes(self, job: Job, timings: Timings, once: Bools) -> Counts:
        """Return a lane group's share, every bit once, or in every pass at the pass's own."""
        held = _held_shares(job, timings)
        if once.all():
            return held
        again = NOTHING
        for each in timings:
            if bits := (each.plan.activation.word & job.ahead).bit_count():
                again = again + each.executed * _shares_of_lanes(job, bits)
        return np.where(once[:, None], held, again)

    def of_slots(self, job: Job, timings: Timings) -> Counts:
        """Return a window's share, for one lane group or for all, once or for each kernel row."""
        share = shares(job.run_inputs * job.ahead_bits, job.tiling.window_slots)
        fetched, times = bursts(job, share), self.row_fetches(job)
        if times > 1:
            fetched = fetched * times
        return by_lane_groups(job, fetched, resident=self.slots_resident(job))


def _held_shares(job: Job, timings: Timings) -> Counts:
    """Return the bursts of what lanes hold from tile to tile, in the tiles that fetch it (M23).

    Bits of dense passes come with a lane group's first tile. Those that only gated passes use come
    with the first tile in which these happen, so that holding them never costs a burst more than
    fetching them again and again would.
    """
    opens = first(job.tiling.window_slots.size)
    dense = job.ahead & union(each.activation for each in job.passes if not each.gated)
    whole = _shares_of_lanes(job, job.ahead_bits)
    if dense == job.ahead:
        return opens * whole
    happens = next(each.executed for each in timings if each.plan.gated)
    first_happens = happens * (np.cumsum(happens, axis=-1) == 1)
    late = first_happens * _shares_of_lanes(job, (job.ahead & ~dense).bit_count())
    at_first = np.where(happens, whole, _shares_of_lanes(job, dense.bit_count()))
    return np.where(opens, at_first, late)


def _shares_of_lanes(job: Job, bits: int) -> Counts:
    """Return the bursts of each lane group's share of the input at so many bits, (lane groups, 1).

    They are those of one run and group.
    """
    share = shares(job.run_inputs * bits, job.tiling.lane_group_lanes)
    return bursts(job, share)[:, None]
