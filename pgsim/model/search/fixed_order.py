"""The fixed order in smaller windows than the output buffer has room for (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import simulate_block
from pgsim.model.mask_work import WorkStore
from pgsim.model.search.dense import MOST_BLOCKS
from pgsim.model.search.goal import Goal

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_SHORT_RUN = 64  # units of windows: all are looked at


def best_window(job: Job, goal: Goal, best: Cost, block: Block, store: WorkStore) -> int | None:
    """Return the smaller window in which the fixed order costs least, None if no less than `best`.

    best: the least cost that is known, over the batches of the block. What a bound shows to cost no
    less is not simulated. Source: MODEL.md M41.
    """
    from pgsim.kernels.nest_value import better  # Numba: only if nests are searched
    from pgsim.model.search.fixed_bound import FixedBound

    windows = smaller_windows(job)
    if not windows.size:
        return None
    bound = FixedBound(job, goal, windows, block, store)
    chosen = None

    def wins(cost: Cost, window: int) -> bool:
        is_better, is_same = better(cost, best)
        return is_better or (is_same and chosen is not None and window > chosen)

    for place in np.lexsort((-windows, bound.values)).tolist():
        if bound.values[place] > best.value:
            break
        window = int(windows[place])
        if not all(wins(least(place), window) for least in bound.stages):
            continue
        cost = goal.cost(simulate_block(replace(job, window=window), block, store))
        if wins(cost, window):
            best, chosen = cost, window
    return chosen


def smaller_windows(job: Job) -> Counts:
    """Return the windows that smaller output buffers would give, int64, ascending.

    There are none where the design says how long a window is. Masks take long to look at: of a long
    run that a mask steers, only windows of a power of two of the dataflow's units are returned.
    """
    if len(job.passes) > 1 and job.arch.lsb.fixed_window is not None:
        return np.empty(0, np.int64)
    lane_groups, slots = job.cuts
    unit = job.flow.window_unit(job.arch.array.rows)
    windows = np.arange(unit, min(slots.size, slots.total), unit, dtype=np.int64)
    if job.gated and slots.total > _SHORT_RUN * unit:
        windows = unit << np.arange(windows.size.bit_length(), dtype=np.int64)
    return windows[-(-slots.total // windows) * lane_groups.pieces <= MOST_BLOCKS]
