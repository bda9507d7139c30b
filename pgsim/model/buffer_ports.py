"""Waits for the ports of the lanes' operand and of the output buffer (MODEL.md M43)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.model.bank_reads import lead_cycles
from pgsim.model.fetches import Bools
from pgsim.model.holding import (
    fetched_once,
    finished_in_the_array,
    lane_loads,
    sum_visits,
)
from pgsim.model.job import Job
from pgsim.model.kindred import anew
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import Timings


def wait_for_buffers(job: Job, timings: Timings) -> Timings:
    """Return the passes of a layer with what they wait for whichever port is furthest behind.

    Where only the ports of the slots' operand are limited, nothing changes.
    """
    if not job.arch.memory.all_ports:
        return timings
    return with_waits(job, timings, lane_loads(job, timings), output_port_bits(job, timings))


def with_waits(
    job: Job, timings: Timings, loads: Sequence[Counts], moved: Sequence[Counts]
) -> Timings:
    """Return passes with what they wait for the ports of all three buffers (M43).

    loads: how often each pass of a tile reads the operands of its lanes. moved: bits that it moves
    through the output buffer's ports.
    """
    return tuple(
        anew(each, port_stall_cycles=_most_late(job, each, own_loads, own_bits))
        if each.waits_for_ports
        else each
        for each, own_loads, own_bits in zip(timings, loads, moved, strict=True)
    )


def _most_late(job: Job, timing: PassTiming, loads: Counts, bits: Counts) -> Counts:
    lanes = timing.lanes_late_cycles(job) * (loads > 0)
    outputs = -(-bits // job.arch.memory.output_sram.cycle_bits) - pass_end(job, timing)
    late = np.maximum(np.maximum(lanes, outputs), timing.port_stall_cycles)
    stalls: Counts = late * timing.executed
    return stalls


def pass_end(job: Job, timing: PassTiming) -> Counts:
    """Return the cycle in which a pass that waits for nothing takes its last step."""
    return lead_cycles(job) + timing.end_cycles()


def output_port_bits(job: Job, timings: Timings) -> list[Counts]:
    """Return the bits that each pass of a tile moves through the output buffer's ports."""
    visits = sum_visits(job, timings, fetched_once(job))
    return moved_bits(job, timings, visits, finished_in_the_array(job, timings, visits))


def moved_bits(
    job: Job,
    timings: Timings,
    visits: Sequence[Counts],
    finished: Bools,
    *,
    opens: Counts | int = 1,
    leaves: Counts | int = 1,
) -> list[Counts]:
    """Return the same, of sums that may have other visits in other tiles.

    visits: of its sums (M22). finished: whether sums are finished in the array. opens, leaves: 1
    where the first visit of the first pass reads no sums, and where outputs leave, else 0.
    """
    outputs = job.tiling.outputs
    leaving = np.where(finished, 2 * outputs * job.output_bits, outputs * PARTIAL_SUM_BITS) * leaves
    moved: list[Counts] = []
    is_last = np.ones((1, 1, 1, 1), bool)
    for index in reversed(range(len(timings))):
        each = timings[index]
        visited = 2 * each.visited_sums(visits[index])
        sums = (visited - each.issue.entries * (opens * (index == 0))) * PARTIAL_SUM_BITS
        mask = 2 * outputs * (leaves * (job.decides and index == job.leading - 1))
        last = is_last & (each.executed > 0)
        moved.append(np.where(finished, 0, sums) + mask + np.where(last, leaving, 0))
        is_last = is_last & (each.executed == 0)
    return moved[::-1]
