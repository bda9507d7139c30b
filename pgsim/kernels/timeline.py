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
        events.ends[run], _, _ = _time_run(run, work, transfers, order, events)
    return events


@kernel(inner=True)
def _room(passes, runs, tiles, turns):
    """Return room for the events of so many tiles and turns."""
    return Events(
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((passes, runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros((runs, tiles), np.int64),
        np.zeros((runs, turns), np.int64),
        np.zeros(runs, np.int64),
    )


@kernel
def stood_alone(work, transfers, order):
    """Return what every run comes to, int64 (3, runs).

    Its cycles; those in which the array does not work; and those in which a pass waits for the
    buses and for its ports at once.
    """
    _, runs, _ = work.pass_cycles.shape
    found = np.empty((3, runs), np.int64)
    for run in range(runs):
        end, worked, both = _time_run(run, work, transfers, order, None)
        found[0, run], found[1, run], found[2, run] = end, end - worked, both
    return found


@kernel
def stood(sizes, orders, work, transfers):
    """Return what `stood_alone` does of every run of some blocks.

    sizes: int64 (blocks, 4), passes, runs, tiles and rows of transfers of each. orders: int64
    (blocks, 11), the fields of its `Order`. work, transfers: int64, the numbers of each block's
    `Work` and `Transfers`, one block after the other. Returns int64 (3, runs of all blocks).
    """
    found = np.zeros((3, sizes[:, 1].sum()), np.int64)
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
            own[10] != 0,
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
        alone = stood_alone(own_work, own_moved, order)
        for run in range(runs):  # an array set at once takes Numba long to compile
            for count in range(3):
                found[count, done] = alone[count, run]
            done += 1
    return found


@kernel(inner=True)
def _time_run(run, work, transfers, order, events):
    """Return when a run ends, the cycles in which the array works, and those of both waits.

    events: where those of each pass and turn are put, or None if nobody asks. Indices are unsigned:
    a signed one is checked for counting from an array's end.
    """
    passes, _, tiles = work.pass_cycles.shape
    row, run = np.uint64(min(run, len(transfers.before) - 1)), np.uint64(run)
    behind = int(order.interleaved)  # turns from a tile's leading to its trailing passes
    now = pass_end = bus_free = np.int64(0)  # of the array's own clock
    known = np.int64(0)  # when the mask is that was decided last
    stopped = np.int64(0)  # for how long that clock has stood still
    moved = np.int64(0)  # when what moves beside the turns is over
    worked = both_waits = next_segment = np.int64(0)
    for turn in range(tiles + behind):
        at = np.uint64(turn)
        stopped += transfers.before[row, at]
        began, begins = now, now + stopped
        demand_waits = np.int64(0)
        moved = max(moved, begins + transfers.beside[row, at])
        begins_segment = turn == next_segment
        next_segment += begins_segment * order.segment_tiles
        known_before = known
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
            own, each = np.uint64(tile), np.uint64(index)
            if trails:
                gate = known_before if behind else known
                now = max(now, gate)
                if index == order.leading and transfers.demand[row, own] > 0:
                    asked = begins if behind and gate <= began else now + stopped
                    arrives = asked + transfers.demand[row, own]
                    moved = max(moved, asked) + transfers.demand[row, own]
                    demand_waits = max(0, arrives - now - stopped)
                    stopped += demand_waits
                    if events is not None:
                        events.demand_begins[run, own] = asked
            cycles, waits = work.pass_cycles[each, run, own], np.int64(0)
            if cycles > 0 and (not order.operands_stay or (index == 0 and begins_segment)):
                fold = work.fold_cycles[each, run, own]
                taken = fold if order.drains else 0  # its bus is, so long after its first step
                waits = max(np.int64(0), bus_free - taken - now)
                now += waits
                bus_free = now + cycles - fold + taken + order.bus_cycles
            if events is not None:
                events.pass_begins[each, run, own] = now + stopped
            if cycles > 0:
                now += cycles
                pass_end = now
                late = work.port_stall_cycles[each, run, own]
                at_once = min(waits, late) if order.ports_ahead else np.int64(0)
                both_waits += at_once
                stopped += late - at_once
                if events is not None:
                    events.port_stall_cycles[each, run, own] = late - at_once
            if events is not None:
                events.pass_ends[each, run, own] = now + stopped
            if index == order.leading - 1:
                known = pass_end + order.skew_cycles + order.gate_latency_cycles
        if turn + 1 == tiles + behind or order.one_buffer:
            now = max(now, pass_end + order.skew_cycles)
        ends = now + stopped
        if events is not None:
            events.turn_begins[run, at], events.turn_ends[run, at] = begins, ends
            events.demand_waits[run, at] = demand_waits
        worked += ends - begins - demand_waits
        if not order.run_ahead or turn + 1 == tiles + behind:
            stopped += max(0, moved - ends)
        stopped += transfers.after[row, at]
    return now + stopped, worked, both_waits
