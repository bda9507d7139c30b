"""What-if traces of a sweep: the same masks at other bit widths, or thresholds moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsim.masks import margins_beside, moved_thresholds
from pgsim.workload import GateTrace, load_trace

WIDTHS = ("activation_bits", "msb_bits", "weight_bits")
SHIFT = "threshold_shift"
WHAT_IFS = (*WIDTHS, SHIFT)


def what_if_trace(name_or_path: str, changes: Mapping[str, Any]) -> GateTrace:
    """Return a trace with some of WHAT_IFS changed; a shift leaves the images with margins (M37).

    Raises InputError where it cannot be.
    """
    trace = load_trace(name_or_path)
    if SHIFT in changes:
        trace = moved_thresholds(trace, margins_beside(name_or_path), changes[SHIFT])
    return trace.with_bits(**{key: changes[key] for key in WIDTHS if key in changes})
