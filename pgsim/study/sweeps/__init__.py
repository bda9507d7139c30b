"""Sweeps: every combination of traces, designs, schemes and axes, simulated on all cores.

All points are checked before the first one runs, so that a slip in the last value of an axis shows
at once and not after an hour. The result is one tidy table.
"""

from pgsim.study.sweeps.checks import sweep_points
from pgsim.study.sweeps.journal import Shard
from pgsim.study.sweeps.points import Point, Points
from pgsim.study.sweeps.run import Failure, sweep
from pgsim.study.sweeps.spec import MOST_POINTS, SweepSpec, load_sweep
from pgsim.study.sweeps.what_if import SHIFT, WHAT_IFS, WIDTHS
from pgsim.study.sweeps.written import Outcome, merge_sweep, read_sweep, sweep_into

__all__ = [
    "MOST_POINTS",
    "SHIFT",
    "WHAT_IFS",
    "WIDTHS",
    "Failure",
    "Outcome",
    "Point",
    "Points",
    "Shard",
    "SweepSpec",
    "load_sweep",
    "merge_sweep",
    "read_sweep",
    "sweep",
    "sweep_into",
    "sweep_points",
]
