"""The turns of a layer that is cut into tiles (MODEL.md M24, M25)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.kernels.turns import Order, Transfers
from pgsim.model.events import around_turns, of_passes, of_runs, order_of, transfers_of
from pgsim.model.layer import BlockRun
from pgsim.model.two_arrays import TwoArrays
from pgsim.study.timeline.turns import (
    EXECUTOR,
    MOVED,
    PREDICTOR,
    READS,
    Held,
    Moved,
    Part,
    Span,
    Turns,
    Worker,
    around_work,
    begins_of,
    held_of,
    in_turns,
    pass_names,
)


def turns_of(run: BlockRun) -> Turns:
    """Return the turns of a block's runs. Source: MODEL.md M19, M25."""
    tiles, events = run.batches.tiles, run.events
    order = order_of(run.job, tiles)
    around = transfers_of(run.job, order, tiles, run.traffic)
    begins = begins_of(events, around)
    demand = _demand(run, begins, around)
    transfers = around_work(begins, around, _parts(run, order))
    if demand is not None:
        before, beside, after = transfers
        beside = replace(beside, gives_way=demand.transfer.span)
        transfers = before, beside, demand.transfer, after
    return Turns(
        unit="tile",
        begins=begins,
        work_begins=events.turn_begins - begins[:, :-1],
        work_ends=events.turn_ends - begins[:, :-1],
        workers=_workers(run, order, begins),
        transfers=transfers,
        axes=dict(zip(("group", "lane_group", "window"), tiles[1:], strict=True)),
        stands_still=demand and demand.stands_still,
    )


class _Demand(NamedTuple):
    """What comes on demand in every turn, and when its trailing passes wait for it (M24)."""

    transfer: Moved
    stands_still: Span


def _demand(run: BlockRun, begins: Counts, around: Transfers) -> _Demand | None:
    """Return the planes on demand of every turn, None where no layer's mask asks for them."""
    if not run.job.demands_late:
        return None
    turns = begins.shape[1] - 1
    behind = turns - around.demand.shape[1]
    cycles, asked = (
        in_turns(each, behind, turns) for each in (around.demand, run.events.demand_begins)
    )
    span = Span(np.where(cycles > 0, asked - begins[:, :-1], 0), cycles)
    bytes_ = in_turns(_demanded_bytes(run), behind, turns)
    part = Part("read planes on demand of", -behind, {READS[0]: bytes_})
    waits = run.events.demand_waits
    return _Demand(Moved(span, (part,)), Span(span.ends - waits, waits))


def _demanded_bytes(run: BlockRun) -> Counts:
    """Return what comes on demand of every tile, int64 (runs, tiles)."""
    bursts = run.traffic["dram_demand_read_bursts"] * run.job.demands_late
    return of_runs(bursts, run.batches.tiles) * run.job.arch.memory.dram.burst_bytes


def _workers(run: BlockRun, order: Order, begins: Counts) -> tuple[Worker, ...]:
    """Return the array with its passes, or the executor and the predictor (M59)."""
    passes, events = _passes(run, order, begins), run.events
    if not run.job.predicts:
        return (Worker(passes, events.turn_ends - begins[:, :-1]),)
    leading, began = run.job.leading, events.turn_begins - begins[:, :-1]
    predictor, executor = (began + busy for busy in TwoArrays.of(run.job, run.work).busy_cycles)
    return (
        Worker(passes[leading:], executor, EXECUTOR),
        Worker(passes[:leading], predictor, PREDICTOR),
    )


def _passes(run: BlockRun, order: Order, begins: Counts) -> tuple[Held, ...]:
    """Return every pass, turn by turn."""
    tiles, events = run.batches.tiles, run.events
    steady = of_passes([each.steady_cycles for each in run.timings], tiles)
    stalls = events.port_stall_cycles
    every = zip(events.pass_begins, events.pass_ends, steady, stalls, strict=True)
    names = pass_names(len(run.timings))
    return tuple(
        held_of(name, index, int(order.interleaved and index >= order.leading), begins, each, {})
        for index, (name, each) in enumerate(zip(names, every, strict=True))
    )


def _parts(run: BlockRun, order: Order) -> tuple[tuple[Part, ...], ...]:
    """Return what is moved before, beside and after every turn, by tile (M25)."""
    burst_bytes, tiles = run.job.arch.memory.dram.burst_bytes, run.batches.tiles

    def around(column: str) -> Transfers:
        own = of_runs(run.traffic[column.replace("_bytes", "_bursts")], tiles) * burst_bytes
        if column == READS[0]:
            own = own - _demanded_bytes(run)
        none = np.zeros_like(own)
        read, written = (own, none) if column in READS else (none, own)
        return around_turns(order, read, written, none)

    before, beside, after, _ = zip(*(around(column) for column in (*READS, MOVED[-1])), strict=True)
    behind = int(order.interleaved)
    return (
        (Part("read", 0, dict(zip(READS, before[:-1], strict=True))),),
        (
            Part("read", 1, dict(zip(READS, beside[:-1], strict=True))),
            Part("write", -behind - 1, {MOVED[-1]: beside[-1]}),
        ),
        (Part("write", -behind, {MOVED[-1]: after[-1]}),),
    )
