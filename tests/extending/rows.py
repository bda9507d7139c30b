"""Rows of the pgsim that is imported: a script that answers cases of one layer, JSON for JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.workload import layer_shape


def row_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a layer's manifest entry on a design under a scheme.

    Masks are [image][channel][position] or None; calibration images come first in the trace.
    """
    layer, masks = layer_shape(case["layer"]), {}
    if case["mask"] is not None:
        masks[layer.name] = np.array([*case["calibration_mask"], *case["mask"]], bool)
    images = len(case["calibration_mask"]) + case["images"]
    trace = GateTrace.from_masks(masks, [layer], images=images)
    arch = ArchConfig.model_validate(case["arch"])
    calibration_images = len(case["calibration_mask"])
    result = simulate(trace, arch, case["scheme"], calibration_images=calibration_images)
    # Cells of the fixed order that hold nothing equal nothing, not even themselves.
    return {name: cell for name, cell in result.rows[0].items() if cell == cell}


if __name__ == "__main__":
    print(json.dumps([row_of(case) for case in json.load(sys.stdin)]))
