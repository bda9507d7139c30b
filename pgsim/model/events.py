"""When passes and transfers begin and end, and what waits for what (MODEL.md M16 to M20, M25)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.kernels.turns import Events, Order, Transfers, Work
from pgsim.mapping.tiling import Tiles
from pgsim.model.holding import lane_loads
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts, shown
from pgsim.model.passes import Timings
from pgsim.model.two_arrays import TwoArrays

WAITS = (
    shown("bubble_cycles", "cycles", "the array waits for its own pipeline"),
    shown("port_stall_cycles", "cycles", "the array waits for SRAM ports"),
    shown("dram_stall_cycles", "cycles", "the array waits for DRAM"),
)
TOTAL = (shown("cycles", "cycles", "msb + lsb + bubble + stall - both cycles", priced=True),)

_SMALL = 2**31  # products of such numbers are exact in int64
_LARGE = 2**62  # which int64 holds


def events_of(
    job: Job, tiles: Tiles, timings: Timings, traffic: Mapping[str, Counts]
) -> tuple[Events, Work]:
    """Return when the passes and turns of every run begin and end, and the array's work in them.

    traffic: of every tile, with the bursts that `traffic.dram` names. Source: MODEL.md M16 to M19,
    M21, M25, M59.
    """
    from pgsim.kernels.timeline import timeline  # Numba: only if anything is simulated

    order, work = order_of(job, tiles), work_of(job, tiles, timings)
    transfers = transfers_of(job, order, tiles, traffic)
    if job.predicts:
        return TwoArrays.of(job, work).events(transfers), work
    events: Events = timeline(work, transfers, order)
    return events, work


def work_of(job: Job, tiles: Tiles, timings: Timings) -> Work:
    """Return what the passes of every tile hold the array for."""
    counts = [
        *_cycles_with_loads(job, timings),
        *(each.fold_cycles for each in timings),
        *(each.port_stall_cycles for each in timings),
    ]
    return Work(*of_passes(counts, tiles).reshape(len(Work._fields), len(timings), tiles[0], -1))


def port_stalls(work: Work) -> Counts:
    """Return the port stalls of every run whose ports begin with first steps, int64 (runs,)."""
    stalls: Counts = np.add.reduce(work.port_stall_cycles, axis=(0, 2))
    return stalls


def bubbles(counts: Mapping[str, Counts], passes: Sequence[PassCounts]) -> Mapping[str, Counts]:
    """Return the bubbles of every batch, which are what is left of its cycles (M20).

    counts: of a batch, with those of WAITS, TOTAL and `two_arrays`. Cycles in which two arrays work
    are those of both (M59).
    """
    left = counts["cycles"] + counts["both_cycles"]
    left = left - counts["port_stall_cycles"] - counts["dram_stall_cycles"]
    for each in passes:
        left = left - each.steady_cycles
    return {"bubble_cycles": left}


def order_of(job: Job, tiles: Tiles) -> Order:
    """Return what decides when passes begin (M16 to M19)."""
    array, alone = job.array_of(0), not job.arch.array.folds_overlap
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
        interleaved=job.decides and doubled and not alone,
        one_buffer=not doubled,
        run_ahead=False,
        ports_ahead=job.arch.memory.all_ports,
    )


def _cycles_with_loads(job: Job, timings: Timings) -> list[Counts]:
    """Return the cycles of each pass from its first step, or the load before it, to its end."""
    cycles = [each.held_cycles(job.arch.array) for each in timings]
    if not any(each.rate.load_cycles for each in timings):
        return cycles
    loads = lane_loads(job, timings)
    return [
        own + loaded * (each.rate.reduction_folds * each.rate.load_cycles)
        for own, loaded, each in zip(cycles, loads, timings, strict=True)
    ]


def transfers_of(job: Job, order: Order, tiles: Tiles, traffic: Mapping[str, Counts]) -> Transfers:
    """Return the cycles of DRAM around every turn, from the traffic of every tile (M25)."""
    around = cycles_around(job, *all_moved(job, order, tiles, traffic))
    times = tiles[0] // len(around.before)
    return type(around)(*(np.repeat(each, times, axis=0) for each in around))


def all_moved(
    job: Job, order: Order, tiles: Tiles, traffic: Mapping[str, Counts]
) -> tuple[Transfers, ...]:
    """Return what moves around every turn: bursts, and row misses where they take time (M44).

    Of runs that are all alike in it, one row stands for all.
    """
    kinds = ("bursts", "row_misses") if job.arch.memory.dram.in_time.has_pages else ("bursts",)
    ways = ("read", "write", "demand_read") if job.demands_late else ("read", "write")
    every = [[traffic[f"dram_{way}_{kind}"] for way in ways] for kind in kinds]
    if tiles[0] > 1 and all(
        each.ndim < len(tiles) or len(each) == 1 for own in every for each in own
    ):
        tiles = (1, *tiles[1:])
    return tuple(_moved_around(order, *[of_runs(each, tiles) for each in own]) for own in every)


def cycles_around(job: Job, *moved: Transfers) -> Transfers:
    """Return the cycles of DRAM around every turn, from bursts and row misses if there are any."""
    before, beside, after = transfer_cycles(job, *(np.array(each[:3]) for each in moved))
    demand = moved[0].demand
    if job.demands_late:  # else there is none
        demand = transfer_cycles(job, *(each.demand for each in moved))
    return type(moved[0])(before, beside, after, demand)


def _moved_around(
    order: Order, read: Counts, written: Counts, demand: Counts | None = None
) -> Transfers:
    """Return how many bursts, or row misses, move around every turn and on demand (M24, M25).

    demand: what of all that is read waits for a tile's mask, if any does.
    """
    if demand is None:
        return around_turns(order, read, written, np.zeros(read.shape, np.int64))
    return around_turns(order, read - demand, written, demand)


def around_turns(order: Order, read: Counts, written: Counts, demand: Counts) -> Transfers:
    """Return what moves around every turn, from what every tile reads and writes (M25)."""
    runs, tiles = read.shape
    behind = int(order.interleaved)
    if order.one_buffer:
        return Transfers(read, np.zeros((runs, tiles), np.int64), written, demand)
    before, moved, after = np.zeros((3, runs, tiles + behind), np.int64)
    before[:, 0] = read[:, 0]
    moved[:, : tiles - 1] = read[:, 1:]
    moved[:, behind + 1 :] += written[:, :-1]
    after[:, -1] = written[:, -1]
    return Transfers(before, moved, after, demand)


def transfer_cycles(job: Job, bursts: Counts, misses: Counts | None = None) -> Counts:
    """Return the cycles that whole bursts and opened pages take, exactly rounded up (M25, M44)."""
    return cycles_of_dram(job.arch, bursts, misses)


def cycles_of_dram(arch: ArchConfig, bursts: Counts, misses: Counts | None = None) -> Counts:
    """Return the same on a design."""
    denominator, of_burst, of_miss = arch.dram_parts
    numerators = [(bursts, of_burst)] if misses is None else [(bursts, of_burst), (misses, of_miss)]
    if denominator >= _SMALL:
        exact: Any = sum(counts.astype(object) * numerator for counts, numerator in numerators)
        rounded: Counts = -(-exact // denominator).astype(np.int64)
        return rounded
    most = [max(1, int(counts.max())) * numerator for counts, numerator in numerators]
    if sum(most) < _LARGE:
        parts = [counts * numerator for counts, numerator in numerators]
        total = parts[0]  # there may be many turns, and room for them takes time
        for each in parts[1:]:
            total += each
        np.floor_divide(total, -denominator, out=total)
        return np.negative(total, out=total)
    whole: Any = 0
    partial: Any = 0
    for counts, numerator in numerators:
        integer, rest = divmod(numerator, denominator)
        # counts * rest could overflow: whole multiples are taken out first
        times, few = np.divmod(counts, denominator)
        whole = whole + counts * integer + times * rest
        partial = partial + few * rest
    cycles: Counts = whole - (-partial // denominator)
    return cycles


def of_passes(counts: list[Counts], tiles: Tiles) -> Counts:
    """Return counts of all passes run by run, int64 (passes, runs, tiles of a run)."""
    stacked = np.empty((len(counts), *tiles), np.int64)
    for own, each in zip(stacked, counts, strict=True):
        own[...] = each
    return stacked.reshape(len(counts), tiles[0], -1)


def of_runs(counts: Counts, tiles: Tiles) -> Counts:
    """Return counts of all tiles run by run, int64 (runs, tiles of a run)."""
    if counts.shape == tiles:
        return counts.reshape(tiles[0], -1)
    every = np.empty(tiles, np.int64)
    every[...] = counts
    return every.reshape(tiles[0], -1)
