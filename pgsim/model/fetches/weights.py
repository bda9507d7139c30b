"""Weights: whole channels, once, in every pass, or in the first of dependent runs (M23)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Counts
from pgsim.model.fetches.fetch import UNBOUNDED, Bools, Fetch, bursts, by_lane_groups
from pgsim.model.job import Job
from pgsim.model.passes import Timings
from pgsim.schemes import WEIGHTS


class WeightFetch(Fetch):
    """A lane group, or a window, fetches the weights of its channels."""

    operand = WEIGHTS

    def group_elements(self, job: Job) -> int:
        """Return the weights of all channels of a group."""
        return job.shape.channels_per_group * job.shape.reduction

    def usable_bits(self, job: Job) -> int:
        """Return the bits of the buffer, or of a half."""
        memory = job.arch.memory
        return UNBOUNDED if job.weights_stay else memory.usable_bits(memory.weight_sram)

    def lane_opening_bits(self, job: Job) -> int:
        """Return the bits that are fetched, if any are, where all passes find them on chip."""
        return job.fetched_weight_bits if job.weights_stay else super().lane_opening_bits(job)

    def lane_footprint_bits(self, job: Job) -> Counts:
        """Return the weights of a lane group's channels."""
        return job.tiling.lane_group_lanes * (job.shape.reduction * job.weight_bits)

    def slots_resident(self, job: Job) -> bool:
        """Return whether the buffer holds a group's whole weights."""
        slots = job.cuts[1].total
        return slots * job.shape.reduction * job.weight_bits <= self.usable_bits(job)

    def windows_held(self, job: Job) -> Bools:
        """Say of each window whether the buffer holds its weights from pass to pass."""
        bits = job.tiling.window_slots * (job.shape.reduction * job.weight_bits)
        fits: Bools = bits <= self.usable_bits(job)
        return fits | (len(job.passes) == 1 or self.slots_resident(job))

    def of_lanes(self, job: Job, timings: Timings, once: Bools) -> Counts:
        """Return a lane group's weights, once at all bits, or in every pass at the pass's own."""
        elements = job.tiling.lane_group_lanes * job.shape.reduction
        whole = bursts(job, elements * job.fetched_weight_bits)
        held = np.zeros((whole.size, job.tiling.window_slots.size), np.int64)
        held[:, 0] = whole
        if once.all():
            return held
        again = sum(
            each.executed * bursts(job, elements * each.plan.weight_bits)[:, None]
            for each in timings
        )
        return np.where(once[:, None], held, again)

    def of_slots(self, job: Job, timings: Timings) -> Counts:
        """Return a window's weights at all bits, or, where they do not fit, pass by pass."""
        resident, channel = self.slots_resident(job), job.shape.reduction
        window = job.tiling.window_slots * channel
        whole = bursts(job, window * job.fetched_weight_bits)
        if resident or len(timings) == 1:
            return by_lane_groups(job, whole, resident=resident)
        opening = bursts(job, window * timings[0].plan.weight_bits)
        later = sum(
            bursts(job, each.read_elements(job) * each.plan.weight_bits) for each in timings[1:]
        )
        return np.where(self.windows_held(job), whole, opening + later)

    def only_in_first_run(self, job: Job) -> bool:
        """Return whether the buffer holds the weights of the whole layer."""
        bits = job.shape.out_channels * job.shape.reduction * job.weight_bits
        return bits <= self.usable_bits(job)
