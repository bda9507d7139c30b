"""Bursts that cross the DRAM interface (MODEL.md M23, M24)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.model.fetches import FETCHES, bursts, first
from pgsim.model.ledger import Count
from pgsim.model.traffic.on_demand import demanded_bursts
from pgsim.model.traffic.rule import Tiles, TrafficRule
from pgsim.schemes import ACTIVATIONS, WEIGHTS


def _burst_bytes(arch: ArchConfig) -> int:
    return arch.memory.dram.burst_bytes


def _bursts(way: str, meaning: str, *, priced: bool = True) -> Count:
    name = f"dram_{way}"
    return Count(f"{name}_bursts", "bytes", meaning, f"{name}_bytes", _burst_bytes, priced)


_COUNTS = (
    _bursts("read", "whole bursts read", priced=False),  # their parts are
    _bursts("activation_read", "of dram_read_bytes, activations"),
    _bursts("weight_read", "of dram_read_bytes, weights"),
    _bursts("sum_read", "of dram_read_bytes, unfinished sums"),
    _bursts("write", "whole bursts written, of unfinished sums and of outputs"),
)


def _counted(tiles: Tiles) -> Mapping[str, Counts]:
    """Return the bursts of every tile by direction. Source: MODEL.md M23, M24."""
    job, timings, batches = tiles.job, tiles.timings, tiles.batches
    once = tiles.once
    lanes, slots = FETCHES[job.lane_operand.name], FETCHES[job.slot_operand.name]
    fetched = {
        lanes.operand.name: lanes.of_lanes(job, timings, once),
        slots.operand.name: slots.of_slots(job, timings),
    }
    for name in fetched:
        if job.tiling.runs > 1 and FETCHES[name].only_in_first_run(job):
            runs = np.tile(first(job.tiling.runs), batches)
            fetched[name] = fetched[name] * runs[:, None, None, None]
    if tiles.mask is not None and job.demand_bits and not job.inputs_stay:
        demanded = demanded_bursts(job, tiles.mask, once)
        fetched[ACTIVATIONS.name] = fetched[ACTIVATIONS.name] + demanded
    if job.inputs_stay:
        fetched[ACTIVATIONS.name] = np.zeros((1, 1, 1, 1), np.int64)
    return {
        "dram_read_bursts": fetched[ACTIVATIONS.name] + fetched[WEIGHTS.name],
        **{f"dram_{name}_read_bursts": each for name, each in fetched.items()},
        "dram_sum_read_bursts": np.zeros((1, 1, 1, 1), np.int64),  # none leaves before it is done
        "dram_write_bursts": bursts(job, job.tiling.outputs * job.written_bits),
    }


DRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
