"""Small layers, and a trace with the margins of its last images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import operand_cases

from pgsim.masks import Margins, layer_margins
from pgsim.workload import GateTrace, LayerOperands, gate_mask, layer_shape

CONV = operand_cases.CONV | {"in_size": [5, 6], "padding": [1, 0], "dilation": [1, 1]}
LINEAR = operand_cases.LINEAR | {"activation_bits": 6, "msb_bits": 4, "weight_bits": 4}
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
