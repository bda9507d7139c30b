"""Bursts that cross the DRAM interface (MODEL.md M23, M24)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.model.fetches import FETCHES, Fetch, bursts
from pgsim.model.holding import fetched_once
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.traffic.on_demand import demanded_bursts
from pgsim.model.traffic.rule import Tiles, TrafficRule
from pgsim.schemes import ACTIVATIONS


def _burst_bytes(arch: ArchConfig) -> int:
    return arch.memory.dram.burst_bytes


def _bursts(way: str, meaning: str) -> Count:
    return Count(f"dram_{way}_bursts", "bytes", meaning, f"dram_{way}_bytes", _burst_bytes)


_COUNTS = (
    _bursts("activation_read", "of dram_read_bytes, activations"),
    _bursts("weight_read", "of dram_read_bytes, weights"),
    _bursts("write", "whole bursts written"),
)


def _counted(tiles: Tiles) -> Mapping[str, Counts]:
    """Return the bursts of every tile by direction. Source: MODEL.md M23, M24."""
    job, timings, batches = tiles.job, tiles.timings, tiles.batches
    once = fetched_once(job)
    lanes, slots = FETCHES[job.lane_operand.name], FETCHES[job.slot_operand.name]
    fetched = {
        lanes.operand.name: lanes.of_lanes(job, timings, once) * _runs(job, lanes, batches),
        slots.operand.name: slots.of_slots(job, timings) * _runs(job, slots, batches),
    }
    if tiles.mask is not None and job.demand_bits:
        demanded = demanded_bursts(job, tiles.mask, once)
        fetched[ACTIVATIONS.name] = fetched[ACTIVATIONS.name] + demanded
    return {
        **{f"dram_{name}_read_bursts": each for name, each in fetched.items()},
        "dram_write_bursts": bursts(job, job.tiling.outputs * job.output_bits),
    }


def _runs(job: Job, fetch: Fetch, batches: int) -> Counts:
    """Return 1 for each run that fetches an operand, int64 that broadcasts to (runs, 1, 1, 1)."""
    fetching = fetch.fetching_runs(job)
    if fetching.all():
        return np.ones((1, 1, 1, 1), np.int64)
    return np.tile(fetching, batches)[:, None, None, None]


DRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
