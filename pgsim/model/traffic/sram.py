"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from pgsim.arch import NOTHING, PARTIAL_SUM_BITS, ArchConfig, Counts
from pgsim.model.holding import finished_in_the_array, sum_visits
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.passes import Timings
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
    output_words = _in_words(bits, job.arch.memory.buffers["output"].port_bits)
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
    return {
        f"{job.slot_operand.name}_sram_read_words": slot_words(job, timings),
        f"{job.lane_operand.name}_sram_read_words": _lane_words(job, timings, loads),
    }


def slot_words(job: Job, timings: Timings) -> Counts:
    """Return the words of the slots' operand that every tile reads (M22)."""
    operand, counted = job.slot_operand, job.arch.memory.convention.operands
    port_bits, words = job.arch.memory.buffers[operand.name].port_bits, []
    for index, each in enumerate(timings):
        bits = counted(each.read_bits(job, index), partial(each.mac_bits, operand))
        words.append(_in_words(bits, port_bits))
    return added(words)


def _lane_words(job: Job, timings: Timings, loads: Sequence[Counts]) -> Counts:
    """Return the same of the lanes' operand; loads: as `operand_words` has them."""
    operand, counted = job.lane_operand, job.arch.memory.convention.operands
    port_bits, words = job.arch.memory.buffers[operand.name].port_bits, []
    for each, loaded in zip(timings, loads, strict=True):
        lane_bits = job.tiling.tile_lanes * operand.bits(each.plan)  # fewer than loads may be
        loaded_bits = each.loaded_elements(loaded) * lane_bits
        words.append(_in_words(counted(loaded_bits, partial(each.mac_bits, operand)), port_bits))
    return added(words)


def _in_words(bits: Counts, word_bits: int) -> Counts:
    """Return in how many words that many bits cross a port, the last one not filled."""
    shift = word_bits.bit_length() - 1
    if word_bits == 1 << shift:  # a division takes three times as long
        words: Counts = (bits + (word_bits - 1)) >> shift
        return words
    return -(bits // -word_bits)


def sum_bits(job: Job, timings: Timings, visits: Sequence[Counts]) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22, M47).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.
    """
    outputs = job.tiling.outputs
    in_array = finished_in_the_array(job, timings, visits)
    finished = outputs * (job.output_bits + job.decides)  # with a mask of one bit
    moved = finished
    if not (in_array.item() if in_array.size == 1 else in_array.all()):
        both = zip(timings, visits, strict=True)
        sums = [each.visited_sums(often) * PARTIAL_SUM_BITS for each, often in both]
        moved = added([outputs, *sums] if job.decides else sums)
        if in_array.size > 1 and in_array.any():
            moved = np.where(in_array, finished, moved)
    return job.arch.memory.convention.sum_bits(moved, partial(_computed_bits, timings), finished)


def _computed_bits(timings: Timings) -> Counts:
    """Return the bits of a sum for each output that a pass of a tile computes."""
    return added([each.issue.entries for each in timings]) * PARTIAL_SUM_BITS


SRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
