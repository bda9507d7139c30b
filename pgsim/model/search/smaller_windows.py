"""The windows that smaller output buffers would give the fixed order (MODEL.md M8, M41)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Counts
from pgsim.model.job import Job
from pgsim.model.search.bounds import MOST_BLOCKS

_SHORT_RUN = 64  # units of windows: all are looked at


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


def sizes_of(job: Job, windows: Counts) -> tuple[tuple[Counts, Counts], tuple[Counts, Counts]]:
    """Return the slots of whole windows and of a smaller last one, and how often each comes.

    All are int64 (windows,); a last one that never comes has one slot.
    """
    times, rest = np.divmod(job.cuts[1].total, windows)
    return (windows, times), (np.maximum(rest, 1), (rest > 0).astype(np.int64))
