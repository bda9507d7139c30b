"""Waits for the ports of the lanes' operand and of the output buffer (MODEL.md M43)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

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
from pgsim.model.passes import PassTiming, Timings


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
        replace(each, port_stall_cycles=_most_late(job, each, own_loads, own_bits))
        if each.waits_for_ports
        else each
        for each, own_loads, own_bits in zip(timings, loads, moved, strict=True)
    )


def _most_late(job: Job, timing: PassTiming, loads: Counts, bits: Counts) -> Counts:
    lanes = _lanes_late(job, timing, loads)
    outputs = -(-bits // job.arch.memory.output_sram.cycle_bits) - pass_end(job, timing)
    late = np.maximum(np.maximum(lanes, outputs), timing.port_stall_cycles)
    stalls: Counts = late * timing.executed
    return stalls


def pass_end(job: Job, timing: PassTiming) -> Counts:
    """Return the cycle in which a pass that waits for nothing takes its last step."""
    return lead_cycles(job) + timing.end_cycles


def _fold_begin(timing: PassTiming, fold: int | Counts) -> Counts:
    begin: Counts = fold * timing.fold_spacing_cycles
    return begin


def _lanes_late(job: Job, timing: PassTiming, loads: Counts) -> Counts:
    """Return by how many cycles the operands of the lanes are late, which may be below 0.

    loads: whether (elsewhere than under `os`), or how often, the pass reads them. It reads alike
    in every fold but the first of a tap, so it is most behind at the end of a first or a last one.
    """
    if timing.lanes_late_cycles is not None:
        return timing.lanes_late_cycles
    port_bits = job.arch.memory.buffers[job.lane_operand.name].cycle_bits
    element_bits = job.tiling.tile_lanes * job.lane_operand.bits(timing.plan)
    late = [
        -(-elements * element_bits // port_bits) - ready
        for elements, ready in lane_deadlines(job, timing)
    ]
    most: Counts = reduce(np.maximum, late) * (loads > 0)
    return most


def lane_deadlines(job: Job, timing: PassTiming) -> Iterable[tuple[int | Counts, Counts]]:
    """Yield elements of each lane, and the cycle by whose end a pass needs them."""
    array, flow, rate = job.arch.array, job.flow, timing.rate
    if not flow.holds_lane_operand:
        for fold in (0, timing.folds - 1):
            yield (
                (fold + 1) * job.shape.reduction,
                _fold_begin(timing, fold) + timing.fold_cycles,
            )
        return
    beat = flow.beat(job.shape, array.rows, rate)
    tap, alone = job.shape.reduction // beat.taps, lead_cycles(job) > 0
    folds, first = -(-tap // beat.fold_elements), (tap - 1) % beat.fold_elements + 1
    for of_tap in {0, beat.taps - 1}:
        for fold in {0, min(1, folds - 1), folds - 1}:
            rows = array.rows if fold else -(-first // rate.macs)
            loaded = rows if alone else np.minimum(rows, timing.fold_cycles)
            begin = _fold_begin(timing, of_tap * folds + fold)
            yield of_tap * tap + first + fold * beat.fold_elements, begin + loaded


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
        sums = each.issue.entries * (2 * visits[index] - opens * (index == 0)) * PARTIAL_SUM_BITS
        mask = 2 * outputs * (leaves * (job.gated and index == job.leading - 1))
        last = is_last & (each.executed > 0)
        moved.append(np.where(finished, 0, sums) + mask + np.where(last, leaving, 0))
        is_last = is_last & (each.executed == 0)
    return moved[::-1]
