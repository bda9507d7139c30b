"""Activations: shares of a group's input, planes ahead of need or on demand (M23, M24)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Counts
from pgsim.model.fetches.fetch import (
    Bools,
    Fetch,
    bursts,
    fetching_lane_groups,
    first,
    shares,
    usable_bits,
)
from pgsim.model.job import Job
from pgsim.model.passes import Timings
from pgsim.schemes import ACTIVATIONS


class ActivationFetch(Fetch):
    """A lane group, or a window, fetches its share of the input of its run and group."""

    operand = ACTIVATIONS

    def group_elements(self, job: Job) -> int:
        """Return the elements of the input."""
        return job.run_inputs

    def lane_footprint_bits(self, job: Job) -> Counts:
        """Return the elements of the lanes' reductions, at most the whole input."""
        elements = job.tiling.lane_group_lanes * job.shape.reduction
        return np.minimum(elements, job.run_inputs) * job.activation_bits

    def slots_resident(self, job: Job) -> bool:
        """Return whether the buffer holds a group's whole input."""
        return job.run_inputs * job.activation_bits <= usable_bits(job, self.operand)

    def of_lanes(self, job: Job, timings: Timings, once: Bools) -> Counts:
        """Return a lane group's share, once at all bits, or in every pass at the pass's own."""
        lanes, windows = job.tiling.lane_group_lanes, job.tiling.window_slots.size
        held = first(windows) * bursts(job, shares(job.run_inputs * job.ahead_bits, lanes))[:, None]
        if once.all():
            return held
        again = np.zeros((1, 1, 1, 1), np.int64)
        for each in timings:
            if bits := (each.plan.activation.word & job.ahead).bit_count():
                share = shares(job.run_inputs * bits, lanes)
                again = again + each.executed * bursts(job, share)[:, None]
        return np.where(once[:, None], held, again)

    def of_slots(self, job: Job, timings: Timings) -> Counts:
        """Return a window's share, for one lane group or for all, once or for each kernel row."""
        share = shares(job.run_inputs * job.ahead_bits, job.tiling.window_slots)
        fetched = bursts(job, share) * row_fetches(job)
        return fetching_lane_groups(job, resident=self.slots_resident(job)) * fetched


def row_fetches(job: Job) -> int:
    """Return how often an input row is fetched: kernel_h times if that many rows do not fit."""
    _, in_w = job.shape.run_in_size
    row_bits = in_w * job.shape.in_channels_per_group * job.activation_bits
    kernel_h = job.shape.kernel[0]
    return kernel_h if kernel_h * row_bits > usable_bits(job, ACTIVATIONS) else 1
