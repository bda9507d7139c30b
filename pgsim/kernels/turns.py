"""What the turns of a layer are: when passes may begin, what they take, and when all of it happens.

Nothing here is compiled, so that the model may say what it means without loading a compiler.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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
    ports_ahead: the ports begin with a pass while it waits for the buses, so that both waits go on
    at once.
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
    ports_ahead: bool


class Work(NamedTuple):
    """What the passes of every tile hold the array for, int64 (passes, runs, tiles) each.

    pass_cycles: from the first step of a pass to the end of its last, 0 for one that does not
    happen. fold_cycles: those of its last fold. port_stall_cycles: that its ports add if they begin
    with its first step.
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
    not happen both are when it was dropped. port_stall_cycles: of the same shape, for how long it
    waits for its ports alone. turn_begins, turn_ends: int64 (runs, turns), of the array's work, the
    transfer beside it apart. demand_begins: int64 (runs, tiles), when what is on demand is asked
    for. demand_waits: int64 (runs, turns), how long a turn's work stands still for it. ends: int64
    (runs,), when the last transfer is done.
    """

    pass_begins: np.ndarray
    pass_ends: np.ndarray
    port_stall_cycles: np.ndarray
    turn_begins: np.ndarray
    turn_ends: np.ndarray
    demand_begins: np.ndarray
    demand_waits: np.ndarray
    ends: np.ndarray
