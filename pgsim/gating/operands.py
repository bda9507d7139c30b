"""Export the integers that a gated model computes with, so that others can compute them again."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.layers import PGLayer, PGLinear, integer_threshold, pg_layers
from pgsim.gating.modules import listening, own_gate, shape_of
from pgsim.workload.operands import THRESHOLD_DTYPE, LayerOperands, operand_dtype


def integer_operands(model: nn.Module, images: Tensor) -> tuple[LayerOperands, ...]:
    """Return the operands of a model's gated layers in eval mode, in the order they ran.

    `images` are model inputs, images on the first axis. Activations and weights are the integers
    that the layer multiplied, thresholds those of `integer_threshold`. Thresholds beyond int32,
    infinite ones among them, become int32's limits: they decide alike for sums of 32 bits above the
    lowest, which is what an array's partial sums have. Raises InputError naming a layer that runs
    twice, or where none is gated.
    """
    operands: dict[str, LayerOperands] = {}

    def keep(name: str, layer: nn.Module, x: Tensor, mask: Tensor | None) -> None:
        if mask is None:
            return
        assert isinstance(layer, PGLayer)
        if name in operands:
            raise InputError(f"layer {name!r} ran twice in one batch: give each place its own.")
        operands[name] = _operands(name, layer, x)

    gates = {name: own_gate(layer) for name, layer in pg_layers(model).items()}
    with listening(model, gates, keep):
        model(images)
    if not operands:
        raise InputError("no operands: the images reached no gated layer.")
    return tuple(operands.values())


def _operands(name: str, layer: PGLayer, x: Tensor) -> LayerOperands:
    shape = shape_of(name, layer, own_gate(layer), tuple(x.shape))
    threshold = layer.gate.threshold
    assert threshold is not None
    activations, weights, step = layer.gate.integers(x.double(), layer.weight.double())
    if isinstance(layer, PGLinear):  # its positions are one column, its kernel is 1 x 1
        tokens = activations.reshape(len(x), -1, layer.in_features)
        activations = tokens.transpose(1, 2).unsqueeze(-1)
        weights = weights[..., None, None]
    limits = torch.iinfo(torch.int32)
    thresholds = integer_threshold(threshold, step * 2**shape.lsb_bits)
    return LayerOperands(
        shape,
        _array(activations, operand_dtype(shape.activation_bits, shape.signed)),
        _array(weights, operand_dtype(shape.weight_bits, signed=True)),
        _array(thresholds.clamp(limits.min, limits.max).flatten(), THRESHOLD_DTYPE),
    )


def _array(integers: Tensor, dtype: np.dtype[Any]) -> NDArray[np.integer[Any]]:
    array: NDArray[np.integer[Any]] = integers.detach().cpu().numpy().astype(dtype)
    return array
