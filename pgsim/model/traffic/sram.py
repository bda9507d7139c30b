"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, ArchConfig, Counts
from pgsim.model.bank_reads import vector_words
from pgsim.model.holding import finished_in_the_array, lane_operand_loads, sum_visits
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.passes import PassTiming
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
    every = zip(timings, lane_operand_loads(job, timings), strict=True)
    for index, (each, loads) in enumerate(every):
        lane_bits = loads * (lane_elements * lanes.bits(each.plan))
        slot_words = slot_words + _slot_words(job, each, index, slot_port)
        lane_words = lane_words - (-lane_bits // lane_port)
    output_words = -(-_sum_bits(tiles) // buffers["output"].port_bits)
    return {
        f"{slots.name}_sram_read_words": slot_words,
        f"{lanes.name}_sram_read_words": lane_words,
        "output_sram_read_words": output_words,
        "output_sram_write_words": output_words,
    }


def _slot_words(job: Job, timing: PassTiming, index: int, port_bits: int) -> Counts:
    """Return the words of a pass's operand vectors: rounded once, or stretch by stretch (M43)."""
    if job.arch.memory.all_ports:
        return timing.issue.vectors * vector_words(job, index)
    bits = timing.issue.vectors * (job.shape.reduction * job.slot_operand.bits(timing.plan))
    return -(-bits // port_bits)


def _sum_bits(tiles: Tiles) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.
    """
    job, timings = tiles.job, tiles.timings
    outputs, visits = job.tiling.outputs, sum_visits(job, timings, tiles.once)
    finished = finished_in_the_array(job, timings, visits)
    done = outputs * job.output_bits + outputs * job.gated
    if finished.all():
        return done
    sums = sum(each.issue.entries * own for each, own in zip(timings, visits, strict=True))
    bits: Counts = np.where(finished, done, sums * PARTIAL_SUM_BITS + outputs * job.gated)
    return bits


SRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
