"""Sweeps: every combination of traces, designs, schemes and axes, simulated on all cores.

All points are checked before the first one runs, so that a slip in the last value of an axis shows
at once and not after an hour. The result is one tidy table.
"""

from pgsim.sweep.points import Point, sweep_points
from pgsim.sweep.run import sweep
from pgsim.sweep.spec import SweepSpec, load_sweep
from pgsim.sweep.what_if import SHIFT, WHAT_IFS, WIDTHS

__all__ = [
    "SHIFT",
    "WHAT_IFS",
    "WIDTHS",
    "Point",
    "SweepSpec",
    "load_sweep",
    "sweep",
    "sweep_points",
]
