"""Bursts that cross the DRAM interface (MODEL.md M23, M24)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pgsim.arch import NOTHING, ArchConfig, Counts
from pgsim.model.fetches import FETCHES, bursts, first
from pgsim.model.job import Job
from pgsim.model.ledger import Count, shown
from pgsim.model.traffic.on_demand import demanded_bursts
from pgsim.model.traffic.rule import Tiles, TrafficRule
from pgsim.schemes import ACTIVATIONS, WEIGHTS


def _burst_bytes(arch: ArchConfig) -> int:
    return arch.memory.dram.burst_bytes


def _bursts(way: str, meaning: str, *, priced: bool = True) -> Count:
    name = f"dram_{way}"
    return Count(f"{name}_bursts", "bytes", meaning, f"{name}_bytes", _burst_bytes, priced)


def _row_misses(way: str, what: str) -> Count:
    name = f"dram_{way}_row_misses"
    return shown(name, "pages", f"pages opened for {what}; 0 where DRAM has no pages")


_COUNTS = (
    _bursts("read", "whole bursts read", priced=False),  # their parts are
    _bursts("activation_read", "of dram_read_bytes, activations"),
    _bursts("weight_read", "of dram_read_bytes, weights"),
    _bursts("sum_read", "of dram_read_bytes, unfinished sums"),
    _bursts("write", "whole bursts written, of unfinished sums and of outputs"),
    _bursts("demand_read", "of dram_activation_read_bytes, planes on demand", priced=False),
    _row_misses("read", "what is read"),
    _row_misses("demand_read", "planes on demand that wait for the gate"),
    _row_misses("write", "what is written"),
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
            runs = np.tile(first(tiles.runs or job.tiling.runs), batches)
            fetched[name] = fetched[name] * runs[:, None, None, None]
    demanded = late = NOTHING
    if tiles.mask is not None and job.demand_bits and not job.inputs_stay:
        demanded = demanded_bursts(job, tiles.mask, once)
        fetched[ACTIVATIONS.name] = fetched[ACTIVATIONS.name] + demanded
        late = demanded if job.demands_late else late
    if job.inputs_stay:
        fetched[ACTIVATIONS.name] = NOTHING
    written = bursts(job, job.tiling.outputs * job.written_bits)
    return {
        "dram_read_bursts": fetched[ACTIVATIONS.name] + fetched[WEIGHTS.name],
        **{f"dram_{name}_read_bursts": each for name, each in fetched.items()},
        "dram_sum_read_bursts": NOTHING,  # none leaves before it is done
        "dram_demand_read_bursts": demanded,
        "dram_write_bursts": written,
        "dram_read_row_misses": _read_row_misses(job, fetched, late),
        "dram_demand_read_row_misses": row_misses(job, late),
        "dram_write_row_misses": row_misses(job, written),
    }


def _read_row_misses(job: Job, fetched: Mapping[str, Counts], late: Counts) -> Counts:
    """Return the pages that reads open; what waits for the gate is a stream of its own."""
    if not job.arch.memory.dram.in_time.has_pages:
        return NOTHING
    streams = (fetched[ACTIVATIONS.name] - late, late, fetched[WEIGHTS.name])
    return sum((row_misses(job, each) for each in streams), NOTHING)


def row_misses(job: Job, stream_bursts: Counts) -> Counts:
    """Return the pages that a tile's stream of one operand opens. Source: MODEL.md M44."""
    dram = job.arch.memory.dram
    if not dram.in_time.has_pages:
        return NOTHING
    return dram.in_time.row_misses(stream_bursts * dram.burst_bytes)


DRAM_TRAFFIC = TrafficRule(_COUNTS, _counted)
