"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pgsim.arch import PARTIAL_SUM_BITS, ArchConfig, Counts
from pgsim.model.holding import sum_visits
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.passes import Timings
from pgsim.model.traffic.rule import Tiles, TrafficRule


def _words(buffer: str, way: str, meaning: str) -> Count:
    def port_bytes(arch: ArchConfig) -> int:
        return arch.memory.buffers[buffer].port_bits // 8

    name = f"{buffer}_sram_{way}"
    return Count(f"{name}_words", "bytes", meaning, f"{name}_bytes", port_bytes)


_COUNTS = (
    _words("activation", "read", "whole port words read for the array"),
    _words("weight", "read", "whole port words read for the array"),
    _words("output", "read", "partial sums, finished outputs and masks read"),
    _words("output", "write", "partial sums, finished outputs and masks written"),
)


def _counted(tiles: Tiles) -> Mapping[str, Counts]:
    """Return the whole port words of every tile by buffer. Source: MODEL.md M22."""
    job, timings = tiles.job, tiles.timings
    buffers = job.arch.memory.buffers
    slots, lanes = job.slot_operand, job.lane_operand
    slot_port, lane_port = buffers[slots.name].port_bits, buffers[lanes.name].port_bits
    lane_elements = job.tiling.lane_group_lanes[:, None] * job.shape.reduction
    slot_words = lane_words = np.zeros((1, 1, 1, 1), np.int64)
    for each, loads in zip(timings, tiles.loads, strict=True):
        elements = job.arch.dataflow.slot_elements(job.shape, each.issue.vectors, each.rate)
        slot_bits = elements * slots.bits(each.plan)
        lane_bits = loads * (lane_elements * lanes.bits(each.plan))
        slot_words = slot_words - (-slot_bits // slot_port)
        lane_words = lane_words - (-lane_bits // lane_port)
    output_words = -(-_sum_bits(tiles) // buffers["output"].port_bits)
    return {
        f"{slots.name}_sram_read_words": slot_words,
        f"{lanes.name}_sram_read_words": lane_words,
        "output_sram_read_words": output_words,
        "output_sram_write_words": output_words,
    }


def _sum_bits(tiles: Tiles) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.
    """
    job, timings = tiles.job, tiles.timings
    outputs, visits = job.tiling.outputs, sum_visits(job, timings, tiles.once)
    finished = _finished_in_the_array(job, timings, visits)
    done = outputs * job.output_bits + outputs * job.gated
    if finished.all():
        return done
    sums = sum(each.issue.entries * own for each, own in zip(timings, visits, strict=True))
    bits: Counts = np.where(finished, done, sums * PARTIAL_SUM_BITS + outputs * job.gated)
    return bits


def _finished_in_the_array(
    job: Job, timings: Timings, visits: tuple[Counts, ...]
) -> npt.NDArray[np.bool_]:
    """Say of each tile whether its sums are finished before they leave the array (M22)."""
    if len(timings) == 1:
        at_once: npt.NDArray[np.bool_] = visits[0] == 1
        return at_once
    flow, scheduler = job.arch.dataflow, job.arch.scheduler
    in_place = scheduler.keeps_slots_apart or not job.gated
    one_fold = job.tiling.window_slots <= flow.fold_slots(job.arch.array.rows)
    return one_fold & (flow.sums_in_pes and in_place)


SRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
