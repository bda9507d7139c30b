"""When passes and transfers begin and end, and what waits for what (MODEL.md M16 to M20, M25)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping.tiling import Tiles
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, shown
from pgsim.model.passes import PassTiming, Timings

if TYPE_CHECKING:
    from pgsim.kernels.timeline import Events, Order, Transfers, Work

WAITS = (
    shown("bubble_cycles", "cycles", "the array waits for its own pipeline"),
    shown("port_stall_cycles", "cycles", "the array waits for SRAM ports"),
    shown("dram_stall_cycles", "cycles", "the array waits for DRAM"),
)
TOTAL = (shown("cycles", "cycles", "msb + lsb + bubble + stall cycles", priced=True),)

_SMALL = 2**31  # products of such numbers are exact in int64


@dataclass(frozen=True)
class Waits:
    """The cycles of every run, and those of them in which the array stands still, int64 (runs,)."""

    cycles: Counts
    port_stall_cycles: Counts
    dram_stall_cycles: Counts


def events_of(
    job: Job, tiles: Tiles, timings: Timings, traffic: Mapping[str, Counts]
) -> tuple[Events, Work]:
    """Return when the passes and turns of every run begin and end, and the array's work in them.

    traffic: of every tile, with the bursts that `traffic.dram` names. Source: MODEL.md M16 to M19,
    M21, M25.
    """
    from pgsim.kernels.timeline import Work, timeline  # Numba: only if anything is simulated

    read = of_runs(traffic["dram_read_bursts"], tiles)
    written = of_runs(traffic["dram_write_bursts"], tiles)
    order = order_of(job, tiles)
    work = Work(
        stacked([pass_cycles(job, each) for each in timings], tiles),
        stacked([each.fold_cycles for each in timings], tiles),
        stacked([each.port_stall_cycles for each in timings], tiles),
    )
    events: Events = timeline(work, _transfers(job, order, read, written), order)
    return events, work


def waits_in(events: Events, work: Work) -> Waits:
    """Return the cycles of every run, and how many of them the array stands still for what."""
    ports = work.port_stall_cycles.sum(axis=(0, 2))
    in_turns = (events.turn_ends - events.turn_begins).sum(axis=1)
    return Waits(events.ends, ports, events.ends - in_turns)


def counts(stood: Waits, steady_cycles: Counts, batches: Batches) -> dict[str, Counts]:
    """Return the counts of every batch; bubbles are what is left (M20).

    steady_cycles: of every batch, over all passes.
    """
    cycles, ports, dram = (
        batches.of_runs(each)
        for each in (stood.cycles, stood.port_stall_cycles, stood.dram_stall_cycles)
    )
    return {
        "bubble_cycles": cycles - ports - dram - steady_cycles,
        "port_stall_cycles": ports,
        "dram_stall_cycles": dram,
        "cycles": cycles,
    }


def order_of(job: Job, tiles: Tiles) -> Order:
    """Return what decides when passes begin (M16 to M19)."""
    from pgsim.kernels.timeline import Order

    array, alone = job.arch.array, not job.arch.array.folds_overlap
    doubled = job.arch.memory.double_buffered
    return Order(
        # A fold that runs alone has its edges in its own cycles, and nothing else waits (M16).
        bus_cycles=0 if alone else array.flow.bus_cycles(array.rows),
        drains=array.flow.drains,
        operands_stay=job.operands_stay,
        segment_tiles=tiles[3] if job.operands_stay and not alone else math.prod(tiles[1:]),
        skew_cycles=0 if alone else array.skew_cycles,
        gate_latency_cycles=job.arch.lsb.gate_latency_cycles,
        leading=job.leading,
        interleaved=job.gated and doubled and not alone,
        one_buffer=not doubled,
    )


def pass_cycles(job: Job, timing: PassTiming) -> Counts:
    """Return the cycles from a pass's first step to the end of its last; alone, of its edges."""
    array = job.arch.array
    if not array.folds_overlap:
        return timing.folds * timing.fold_spacing_cycles
    between = (timing.folds - 1) * timing.fold_spacing_cycles
    return timing.executed * (between + timing.fold_cycles)


def _transfers(job: Job, order: Order, read: Counts, written: Counts) -> Transfers:
    """Return the cycles of DRAM around every turn, from the bursts of every tile (M25)."""
    from pgsim.kernels.timeline import Transfers

    runs, tiles = read.shape
    behind = int(order.interleaved)
    if order.one_buffer:
        beside = np.zeros((runs, tiles), np.int64)
        return Transfers(transfer_cycles(job, read), beside, transfer_cycles(job, written))
    before = np.zeros((runs, tiles + behind), np.int64)
    after, moved = np.zeros_like(before), np.zeros_like(before)
    before[:, 0] = transfer_cycles(job, read[:, 0])
    moved[:, : tiles - 1] += read[:, 1:]
    moved[:, behind + 1 :] += written[:, :-1]
    after[:, -1] = transfer_cycles(job, written[:, -1])
    return Transfers(before, transfer_cycles(job, moved), after)


def transfer_cycles(job: Job, bursts: Counts) -> Counts:
    """Return the cycles that whole bursts take, exactly rounded up (M25)."""
    numerator, denominator = job.arch.memory.dram.burst_cycles.as_integer_ratio()
    whole, rest = divmod(numerator, denominator)
    if rest == 0:
        return bursts * whole
    # bursts * rest could overflow: whole multiples of the denominator are taken out first.
    times, few = np.divmod(bursts, denominator)
    if denominator >= _SMALL:
        exact = [-(-int(each) * rest // denominator) for each in few.flat]
        partial = np.array(exact, np.int64).reshape(few.shape)
    else:
        partial = -(-few * rest // denominator)
    cycles: Counts = bursts * whole + times * rest + partial
    return cycles


def stacked(counts: list[Counts], tiles: Tiles) -> Counts:
    """Return counts of all passes run by run, int64 (passes, runs, tiles of a run)."""
    stacked = np.empty((len(counts), *tiles), np.int64)
    for own, each in zip(stacked, counts, strict=True):
        own[...] = each
    return stacked.reshape(len(counts), tiles[0], -1)


def of_runs(counts: Counts, tiles: Tiles) -> Counts:
    """Return counts of all tiles run by run, int64 (runs, tiles of a run)."""
    every = np.empty(tiles, np.int64)
    every[...] = counts
    return every.reshape(tiles[0], -1)
