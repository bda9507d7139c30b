"""When each pass and each turn of a run begins and ends (MODEL.md M17 to M19, M25)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel


class Order(NamedTuple):
    """What decides when passes begin, alike for all runs of a layer.

    bus_cycles: how long the operands or sums of one fold keep the buses of the columns busy; 0
    where they never make a fold wait. drains: they carry sums away after a fold's last step; else
    they bring its operands from its first step on.
    operands_stay: only the first pass of a segment loads. segment_tiles: a segment is that many
    tiles, within which the leading passes of a tile may go before the trailing ones of the tile
    before.
    skew_cycles: from a pass's last step until its sums have left. gate_latency_cycles: from there
    until its mask is known.
    leading: passes before the first gated one, the last of which decides. interleaved: the leading
    passes of a tile go before the trailing ones of the tile before.
    one_buffer: a tile ends when its sums have left.
    run_ahead: what moves beside the turns is only waited for when all of them have ended.
    """

    bus_cycles: int
    drains: bool
    operands_stay: bool
    segment_tiles: int
    skew_cycles: int
    gate_latency_cycles: int
    leading: int
    interleaved: bool
    one_buffer: bool
    run_ahead: bool


class Work(NamedTuple):
    """What the passes of every tile hold the array for, int64 (passes, runs, tiles) each.

    pass_cycles: from the first step of a pass to the end of its last, 0 for one that does not
    happen. fold_cycles: those of its last fold. port_stall_cycles: that its ports add.
    """

    pass_cycles: np.ndarray
    fold_cycles: np.ndarray
    port_stall_cycles: np.ndarray


class Transfers(NamedTuple):
    """Cycles of DRAM around every turn, int64 (runs, turns) each, and on demand of every tile.

    Where all runs are alike, one row may stand for them.
    before: the turn waits for it to begin. beside: it begins with the turn, and the next turn
    waits for it, or the end of the run. after: it begins when both are done. demand: int64 (runs,
    tiles), what a tile's trailing passes wait for, asked for when its mask is known, and moved
    before all else.
    """

    before: np.ndarray
    beside: np.ndarray
    after: np.ndarray
    demand: np.ndarray


class Events(NamedTuple):
    """When everything begins and ends, in cycles since the run began.

    pass_begins, pass_ends: int64 (passes, runs, tiles), port stalls included; of a pass that does
    not happen both are when it was dropped. turn_begins, turn_ends: int64 (runs, turns), of the
    array's work, the transfer beside it apart. demand_begins: int64 (runs, tiles), when what is on
    demand is asked for. demand_waits: int64 (runs, turns), how long a turn's work stands still for
    it. ends: int64 (runs,), when the last transfer is done.
    """

    pass_begins: np.ndarray
    pass_ends: np.ndarray
    turn_begins: np.ndarray
    turn_ends: np.ndarray
    demand_begins: np.ndarray
    demand_waits: np.ndarray
    ends: np.ndarray


@kernel
def timeline(work, transfers, order):
    """Return the events of every run.

    One enable stops the whole array, so its own clock stands still while a port or DRAM is waited
    for. A turn is a tile; or, interleaved, there is one more turn than tiles, and turn j holds the
    leading passes of tile j and the trailing passes of tile j - 1.
    Source: MODEL.md M17 to M19, M21, M24, M25.
    """
    passes, runs, tiles = work.pass_cycles.shape
    turns = tiles + int(order.interleaved)
    events = Events(
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros(runs, np.int64),
    )
    gate_known = np.empty(tiles, np.int64)
    for run in range(runs):
        _time_run(run, work, transfers, order, gate_known, events)
    return events


@kernel
def stood(sizes, orders, work, transfers):
    """Return the cycles of every run of some blocks, and those in which the array does not work.

    sizes: int64 (blocks, 4), passes, runs, tiles and rows of transfers of each. orders: int64
    (blocks, 10), the fields of its `Order`. work, transfers: int64, the numbers of each block's
    `Work` and `Transfers`, one block after the other. Returns int64 (2, runs of all blocks).
    """
    found = np.zeros((2, sizes[:, 1].sum()), np.int64)
    done = taken = moved = 0
    for block in range(len(sizes)):
        passes, runs, tiles, rows = sizes[block]
        own = orders[block]
        order = Order(
            own[0],
            own[1] != 0,
            own[2] != 0,
            own[3],
            own[4],
            own[5],
            own[6],
            own[7] != 0,
            own[8] != 0,
            own[9] != 0,
        )
        of_work = passes * runs * tiles
        in_passes = work[taken : taken + 3 * of_work].reshape(3, passes, runs, tiles)
        taken += 3 * of_work
        turns = tiles + own[7]
        around = transfers[moved : moved + 3 * rows * turns].reshape(3, rows, turns)
        moved += 3 * rows * turns
        demand = transfers[moved : moved + rows * tiles].reshape(rows, tiles)
        moved += rows * tiles
        events = timeline(
            Work(in_passes[0], in_passes[1], in_passes[2]),
            Transfers(around[0], around[1], around[2], demand),
            order,
        )
        for run in range(runs):
            found[0, done] = found[1, done] = events.ends[run]
            for turn in range(turns):
                found[1, done] -= events.turn_ends[run, turn] - events.turn_begins[run, turn]
                found[1, done] += events.demand_waits[run, turn]
            done += 1
    return found


@kernel
def _time_run(run, work, transfers, order, gate_known, events):
    """Fill in the events of one run; gate_known: int64 (tiles,), when each tile's mask is known."""
    passes, _, tiles = work.pass_cycles.shape
    row = min(run, len(transfers.before) - 1)
    behind = int(order.interleaved)  # turns from a tile's leading to its trailing passes
    now = pass_end = bus_free = np.int64(0)  # of the array's own clock
    stopped = np.int64(0)  # for how long that clock has stood still
    moved = np.int64(0)  # when what moves beside the turns is over
    for turn in range(tiles + behind):
        stopped += transfers.before[row, turn]
        began = now
        events.turn_begins[run, turn] = now + stopped
        moved = max(moved, now + stopped + transfers.beside[row, turn])
        begins_segment = turn % order.segment_tiles == 0
        # Trailing passes go first where the array still holds the operands of their segment.
        shift = order.leading if behind and begins_segment else 0
        for place in range(passes):
            index = (place + shift) % passes
            trails = index >= order.leading
            tile = turn - behind * trails
            if not 0 <= tile < tiles:
                continue
            if trails:
                now = max(now, gate_known[tile])
                if index == order.leading and transfers.demand[row, tile] > 0:
                    known_before = behind and gate_known[tile] <= began
                    asked = events.turn_begins[run, turn] if known_before else now + stopped
                    arrives = asked + transfers.demand[row, tile]
                    moved = max(moved, asked) + transfers.demand[row, tile]
                    events.demand_begins[run, tile] = asked
                    events.demand_waits[run, turn] = max(0, arrives - now - stopped)
                    stopped += events.demand_waits[run, turn]
            cycles = work.pass_cycles[index, run, tile]
            fold = work.fold_cycles[index, run, tile]
            taken = fold if order.drains else 0  # its bus is, so long after its first step
            takes_bus = not order.operands_stay or (index == 0 and begins_segment)
            if cycles > 0 and takes_bus:
                now = max(now, bus_free - taken)
                bus_free = now + cycles - fold + taken + order.bus_cycles
            events.pass_begins[index, run, tile] = now + stopped
            if cycles > 0:
                now += cycles
                pass_end = now
                stopped += work.port_stall_cycles[index, run, tile]
            events.pass_ends[index, run, tile] = now + stopped
            if index == order.leading - 1:
                gate_known[tile] = pass_end + order.skew_cycles + order.gate_latency_cycles
        if turn + 1 == tiles + behind or order.one_buffer:
            now = max(now, pass_end + order.skew_cycles)
        events.turn_ends[run, turn] = now + stopped
        if not order.run_ahead or turn + 1 == tiles + behind:
            stopped += max(0, moved - events.turn_ends[run, turn])
        stopped += transfers.after[row, turn]
    events.ends[run] = now + stopped
