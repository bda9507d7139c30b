"""Bursts that cross the DRAM interface (MODEL.md M23, M24)."""

from __future__ import annotations

from collections.abc import Mapping

from pgsim.arch import ArchConfig, Counts
from pgsim.model.fetches import FETCHES, bursts
from pgsim.model.holding import fetched_once
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.mask_work import MaskWork
from pgsim.model.passes import Timings
from pgsim.model.traffic.on_demand import demanded_bursts
from pgsim.schemes import ACTIVATIONS


def _burst_bytes(arch: ArchConfig) -> int:
    return arch.memory.dram.burst_bytes


def _bursts(way: str, meaning: str) -> Count:
    return Count(f"dram_{way}_bursts", "bytes", meaning, f"dram_{way}_bytes", _burst_bytes)


COUNTS = (
    _bursts("activation_read", "of dram_read_bytes, activations"),
    _bursts("weight_read", "of dram_read_bytes, weights"),
    _bursts("write", "whole bursts written"),
)


def counts(job: Job, timings: Timings, mask: MaskWork | None) -> Mapping[str, Counts]:
    """Return the bursts of every tile by direction, int64 that broadcast to the tiles.

    mask: of a gated layer. Source: MODEL.md M23, M24.
    """
    once = fetched_once(job)
    lanes, slots = FETCHES[job.lane_operand.name], FETCHES[job.slot_operand.name]
    fetched = {
        lanes.operand.name: lanes.of_lanes(job, timings, once),
        slots.operand.name: slots.of_slots(job, timings),
    }
    if mask is not None and job.demand_bits:
        demanded = demanded_bursts(job, mask, once)
        fetched[ACTIVATIONS.name] = fetched[ACTIVATIONS.name] + demanded
    return {
        **{f"dram_{name}_read_bursts": each for name, each in fetched.items()},
        "dram_write_bursts": bursts(job, job.tiling.outputs * job.output_bits),
    }
