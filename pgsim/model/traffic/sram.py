"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pgsim.arch import NOTHING, PARTIAL_SUM_BITS, ArchConfig, Counts
from pgsim.model.bank_reads import vector_words
from pgsim.model.holding import finished_in_the_array, sum_visits
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.passes import PassTiming, Timings
from pgsim.model.traffic.rule import Tiles, TrafficRule, added
from pgsim.schemes import ACTIVATIONS


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
    _words("activation", "write", "finished outputs that stay on chip for the layers to come"),
)


def _counted(tiles: Tiles) -> Mapping[str, Counts]:
    """Return the whole port words of every tile by buffer. Source: MODEL.md M22, M47."""
    job, timings = tiles.job, tiles.timings
    visits = sum_visits(job, timings, tiles.once)
    bits = sum_bits(job, timings, visits)
    output_words = -(bits // -job.arch.memory.buffers["output"].port_bits)
    return {
        **operand_words(job, timings, tiles.loads),
        "output_sram_read_words": output_words,
        "output_sram_write_words": output_words,
        "activation_sram_write_words": retained_words(job),
    }


def retained_words(job: Job) -> Counts:
    """Return the words that every tile writes of outputs that stay on chip (M42)."""
    if not job.output_stays:
        return NOTHING
    port_bits = job.arch.memory.buffers[ACTIVATIONS.name].port_bits
    return -(-job.tiling.outputs * job.output_bits // port_bits)


def operand_words(job: Job, timings: Timings, loads: Sequence[Counts]) -> dict[str, Counts]:
    """Return the words of both operands that every tile reads (M22).

    loads: how often each pass of a tile reads the operands of its lanes.
    """
    buffers = job.arch.memory.buffers
    slots, lanes = job.slot_operand, job.lane_operand
    slot_port, lane_port = buffers[slots.name].port_bits, buffers[lanes.name].port_bits
    reduction, counted = job.shape.reduction, job.arch.memory.convention.operands
    slot_words, lane_words = [], []
    for index, (each, loaded) in enumerate(zip(timings, loads, strict=True)):
        macs = each.issue.entries * reduction
        read = _slot_bits(job, each, index, slot_port)
        slot_bits = counted(read, macs * slots.bits(each.plan))
        elements = each.lane_elements(loaded, reduction) * job.tiling.tile_lanes
        lane_bits = counted(elements, macs) * lanes.bits(each.plan)
        slot_words.append(-(slot_bits // -slot_port))
        lane_words.append(-(lane_bits // -lane_port))
    return {
        f"{slots.name}_sram_read_words": added(slot_words),
        f"{lanes.name}_sram_read_words": added(lane_words),
    }


def _slot_bits(job: Job, timing: PassTiming, index: int, port_bits: int) -> Counts:
    """Return the bits of a pass's operand vectors, in whole words of a stretch under M43."""
    vectors = timing.issue.vectors
    if job.arch.memory.all_ports:
        return vectors * (vector_words(job, index) * port_bits)
    elements = job.flow.slot_elements(job.shape, vectors, timing.rate)
    return elements * job.slot_operand.bits(timing.plan)


def sum_bits(job: Job, timings: Timings, visits: Sequence[Counts]) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22, M47).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.
    """
    outputs = job.tiling.outputs
    in_array = finished_in_the_array(job, timings, visits)
    bits = [each.issue.entries * PARTIAL_SUM_BITS for each in timings]
    finished = outputs * (job.output_bits + job.gated)  # with a mask of one bit
    moved = finished
    if not in_array.all():
        visiting = added([own * often for own, often in zip(bits, visits, strict=True)])
        moved = np.where(in_array, finished, visiting + outputs * job.gated)
    return job.arch.memory.convention.sum_bits(moved, added(bits), finished)


SRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
