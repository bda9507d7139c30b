"""Small layers, and a trace with the margins of its last images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pgsim.workload import (
    GateTrace,
    LayerOperands,
    Margins,
    gate_mask,
    layer_margins,
    layer_shape,
)

CONV: dict[str, Any] = {
    "name": "conv",
    "op": "conv2d",
    "in_channels": 4,
    "out_channels": 6,
    "in_size": [5, 6],
    "kernel": [3, 2],
    "stride": [2, 1],
    "padding": [1, 0],
    "dilation": [1, 1],
    "groups": 2,
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
}
LINEAR: dict[str, Any] = {
    "name": "linear",
    "op": "linear",
    "in_channels": 5,
    "out_channels": 3,
    "positions": 4,
    "activation_bits": 6,
    "msb_bits": 4,
    "weight_bits": 4,
    "gate": "output",
}
RECURRENT = {**LINEAR, "name": "recurrent", "op": "recurrent", "signed": True, "time_steps": 4}
del RECURRENT["positions"]
DENSE = {**LINEAR, "name": "dense", "gate": "none"}

IMAGES, FIRST = 2, 3  # of the margins; the trace has more


def masks_at(operands: LayerOperands, rise: int = 0) -> np.ndarray:
    """Return the mask of thresholds `rise` units of O_hb higher."""
    return gate_mask(replace(operands, thresholds=operands.thresholds.astype(np.int64) + rise))


def a_trace(*operands: LayerOperands) -> tuple[GateTrace, Margins]:
    """Return a captured trace of five images, and margins of its images 3 and 4, msb_step ½."""
    masks, layers = {}, []
    for each in operands:
        own = masks_at(each)
        other = np.zeros((FIRST, *own.shape[1:]), dtype=bool)
        masks[each.shape.name] = np.concatenate([other, own])
        layers.append(layer_margins(each, msb_step=0.5))
    trace = GateTrace.from_masks(
        masks,
        [layer_shape(DENSE), *(each.shape for each in operands)],
        mask_source="captured",
        accuracy={"top1": 0.9},
        provenance={"recipe": "noise"},
        name="noise",
    )
    return trace, Margins("noise", "0123456789abcdef" * 4, FIRST, tuple(layers))
