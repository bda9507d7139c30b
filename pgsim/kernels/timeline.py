"""When each pass and each turn of a run begins and ends (MODEL.md M17 to M19, M25)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.turns import Events, Order, Transfers, Work


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


@kernel(inner=True)
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
