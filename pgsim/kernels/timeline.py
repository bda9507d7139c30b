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
    events = _room(passes, runs, tiles, tiles + int(order.interleaved))
    for run in range(runs):
        _time_run(run, work, transfers, order, events)
    return events


@kernel(inner=True)
def _room(passes, runs, tiles, turns):
    """Return room for the events of so many tiles and turns."""
    return Events(
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros(runs, np.int64),
    )


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
        own_work = Work(in_passes[0], in_passes[1], in_passes[2])
        own_moved = Transfers(around[0], around[1], around[2], demand)
        events = _room(passes, runs, 1, 1)  # nobody asks when each of them was
        for run in range(runs):
            worked = _time_run(run, own_work, own_moved, order, events)
            found[0, done] = events.ends[run]
            found[1, done] = events.ends[run] - worked
            done += 1
    return found


@kernel(inner=True)
def _time_run(run, work, transfers, order, events):
    """Fill in the events of one run, and return the cycles in which the array works.

    Events may have room for fewer tiles and turns: those behind the last one then take its place.
    """
    passes, _, tiles = work.pass_cycles.shape
    last_tile, last_turn = events.pass_begins.shape[2] - 1, events.turn_begins.shape[1] - 1
    gate_known = np.zeros(2, np.int64)  # when the masks of this tile and of the one before are
    row = min(run, len(transfers.before) - 1)
    behind = int(order.interleaved)  # turns from a tile's leading to its trailing passes
    now = pass_end = bus_free = np.int64(0)  # of the array's own clock
    stopped = np.int64(0)  # for how long that clock has stood still
    moved = np.int64(0)  # when what moves beside the turns is over
    worked = next_segment = np.int64(0)
    for turn in range(tiles + behind):
        stopped += transfers.before[row, turn]
        began, begins = now, now + stopped
        demand_waits = np.int64(0)
        moved = max(moved, begins + transfers.beside[row, turn])
        begins_segment = turn == next_segment
        next_segment += begins_segment * order.segment_tiles
        # Trailing passes go first where the array still holds the operands of their segment.
        shift = order.leading if behind and begins_segment else 0
        for place in range(passes):
            index = place + shift
            if index >= passes:
                index -= passes
            trails = index >= order.leading
            tile = turn - behind * trails
            if not 0 <= tile < tiles:
                continue
            kept = min(tile, last_tile)
            if trails:
                now = max(now, gate_known[tile % 2])
                if index == order.leading and transfers.demand[row, tile] > 0:
                    known_before = behind and gate_known[tile % 2] <= began
                    asked = begins if known_before else now + stopped
                    arrives = asked + transfers.demand[row, tile]
                    moved = max(moved, asked) + transfers.demand[row, tile]
                    events.demand_begins[run, kept] = asked
                    demand_waits = max(0, arrives - now - stopped)
                    stopped += demand_waits
            cycles = work.pass_cycles[index, run, tile]
            fold = work.fold_cycles[index, run, tile]
            taken = fold if order.drains else 0  # its bus is, so long after its first step
            takes_bus = not order.operands_stay or (index == 0 and begins_segment)
            if cycles > 0 and takes_bus:
                now = max(now, bus_free - taken)
                bus_free = now + cycles - fold + taken + order.bus_cycles
            events.pass_begins[index, run, kept] = now + stopped
            if cycles > 0:
                now += cycles
                pass_end = now
                stopped += work.port_stall_cycles[index, run, tile]
            events.pass_ends[index, run, kept] = now + stopped
            if index == order.leading - 1:
                gate_known[tile % 2] = pass_end + order.skew_cycles + order.gate_latency_cycles
        if turn + 1 == tiles + behind or order.one_buffer:
            now = max(now, pass_end + order.skew_cycles)
        ends = now + stopped
        kept = min(turn, last_turn)
        events.turn_begins[run, kept], events.turn_ends[run, kept] = begins, ends
        events.demand_waits[run, kept] = demand_waits
        worked += ends - begins - demand_waits
        if not order.run_ahead or turn + 1 == tiles + behind:
            stopped += max(0, moved - ends)
        stopped += transfers.after[row, turn]
    events.ends[run] = now + stopped
    return worked
