"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pgsim.arch import PARTIAL_SUM_BITS, ArchConfig, Counts
from pgsim.model.fetches import first
from pgsim.model.holding import sum_visits
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.passes import Timings
from pgsim.model.traffic.rule import Tiles, TrafficRule
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
    output_words = -(-bits // job.arch.memory.buffers["output"].port_bits)
    return {
        **operand_words(job, timings, lane_operand_loads(job, timings)),
        "output_sram_read_words": output_words,
        "output_sram_write_words": output_words,
        "activation_sram_write_words": retained_words(job),
    }


def retained_words(job: Job) -> Counts:
    """Return the words that every tile writes of outputs that stay on chip (M42)."""
    if not job.output_stays:
        return np.zeros((1, 1, 1, 1), np.int64)
    port_bits = job.arch.memory.buffers[ACTIVATIONS.name].port_bits
    return -(-job.tiling.outputs * job.output_bits // port_bits)


def operand_words(job: Job, timings: Timings, lane_loads: Sequence[Counts]) -> dict[str, Counts]:
    """Return the words of both operands that every tile reads (M22, M47).

    lane_loads: how often each pass of a tile reads the operands of its lanes.
    """
    buffers = job.arch.memory.buffers
    slots, lanes = job.slot_operand, job.lane_operand
    slot_port, lane_port = buffers[slots.name].port_bits, buffers[lanes.name].port_bits
    reduction, counted = job.shape.reduction, job.arch.memory.convention.operands
    lane_elements = job.tiling.tile_lanes * reduction
    slot_words = lane_words = np.zeros((1, 1, 1, 1), np.int64)
    for each, loads in zip(timings, lane_loads, strict=True):
        macs = each.issue.entries * reduction
        slot_bits = counted(each.issue.vectors * reduction, macs) * slots.bits(each.plan)
        lane_bits = counted(loads * lane_elements, macs) * lanes.bits(each.plan)
        slot_words = slot_words - (-slot_bits // slot_port)
        lane_words = lane_words - (-lane_bits // lane_port)
    return {
        f"{slots.name}_sram_read_words": slot_words,
        f"{lanes.name}_sram_read_words": lane_words,
    }


def lane_operand_loads(job: Job, timings: Timings) -> list[Counts]:
    """Return how often each pass of a tile reads the operands of its lanes (M18, M22)."""
    first_tile = first(job.tiling.window_slots.size)
    return job.flow.lane_loads(
        [each.folds for each in timings], first_tile[None, None, None, :], stay=job.operands_stay
    )


def sum_bits(job: Job, timings: Timings, visits: Sequence[Counts]) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22, M47).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.
    """
    outputs = job.tiling.outputs
    in_array = finished_in_the_array(job, timings, visits)
    opening, *later = [each.issue.entries * PARTIAL_SUM_BITS for each in timings]
    computed = sum(later, opening)
    visiting = sum(bits * own for bits, own in zip((opening, *later), visits, strict=True))
    finished, mask = outputs * job.output_bits, outputs * job.gated
    moved: Counts = np.where(in_array, finished, visiting) + mask
    return job.arch.memory.convention.sum_bits(moved, computed, finished + mask)


def finished_in_the_array(
    job: Job, timings: Timings, visits: Sequence[Counts]
) -> npt.NDArray[np.bool_]:
    """Say of each tile whether its sums are finished before they leave the array (M22)."""
    if len(timings) == 1:
        at_once: npt.NDArray[np.bool_] = visits[0] == 1
        return at_once
    flow, scheduler = job.flow, job.arch.scheduler
    in_place = scheduler.keeps_slots_apart or not job.gated
    one_fold = job.tiling.tile_slots <= flow.fold_slots(job.arch.array.rows)
    return one_fold & (flow.sums_in_pes and in_place)


SRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
