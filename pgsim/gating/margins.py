"""Export how far a gated model's partial sums are from its thresholds, so that these can move."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgsim.gating.forwards import plain_name
from pgsim.gating.layers import PGLayer, pg_layers
from pgsim.gating.operands import integer_operands
from pgsim.masks.margins import LayerMargins, layer_margins
from pgsim.workload.layer import LayerShape


def gate_margins(model: nn.Module, images: Tensor) -> tuple[LayerMargins, ...]:
    """Return the margins of a model's gated layers in eval mode, in the order they ran (M37).

    Parameters
    ----------
    model : nn.Module
        A network with gated outputs.
    images : Tensor
        Model inputs, images on the first axis.

    Returns
    -------
    tuple of LayerMargins
        One a gated layer.

    Raises
    ------
    InputError
        As `integer_operands` does.
    """
    layers = {plain_name(name): layer for name, layer in pg_layers(model).items()}
    return tuple(
        layer_margins(operands, _msb_step(layers[operands.shape.name], operands.shape))
        for operands in integer_operands(model, images)
        if operands.shape.gated
    )


def _msb_step(layer: PGLayer, shape: LayerShape) -> float:
    """Return what one unit of O_hb is worth in the layer's output, before bias and batch norm."""
    _, weight_step = layer.gate.quantized(layer.weight, torch.float64)
    step = layer.gate.quantize.step(torch.float64) * weight_step
    return step.item() * 2.0**shape.lsb_bits
