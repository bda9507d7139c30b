"""Export the integers that a gated model computes with, so that others can compute them again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.batches import images_of
from pgsim.gating.gate import integer_threshold
from pgsim.gating.geometry import Calls, described
from pgsim.gating.layers import PGLayer, PGLinear, pg_layers
from pgsim.gating.listening import listening
from pgsim.gating.modules import own_gate
from pgsim.gating.per_image import of_another_batch, require_same
from pgsim.workload.layer import LayerShape
from pgsim.workload.operands import THRESHOLD_DTYPE, LayerOperands, operand_dtype


def integer_operands(
    model: nn.Module, images: Tensor, *, ungated: bool = False
) -> tuple[LayerOperands, ...]:
    """Return the operands of a model's gated layers in eval mode, in the order they ran.

    Parameters
    ----------
    model : nn.Module
        A network with gated layers.
    images : Tensor
        Model inputs, images on the first axis.
    ungated : bool
        Whether those of pgsim's own layers without a gate are among them, which PEs need that go by
        values (M58).

    Returns
    -------
    tuple of LayerOperands
        Activations and weights are the integers that the layer multiplied, or of gated inputs those
        that it had before it dropped bits; thresholds are those of `integer_threshold`. Thresholds
        beyond int32, infinite ones among them, become int32's limits: they decide alike for sums of
        32 bits above the lowest, which is what an array's partial sums have.

    Raises
    ------
    InputError
        Naming a layer that runs twice, or whose images are not on its first axis; where there is
        none.
    """
    images = images_of(images, "images")
    run = partial(_ran, ungated=ungated)
    shapes, inputs = run(model, images)
    (others, _), other_images = of_another_batch(run, model, images)
    require_same(shapes, len(images), others, other_images)
    layers = pg_layers(model)
    return tuple(
        _operands(shape, layers[name], steps)
        for shape, (name, steps) in zip(shapes, inputs.items(), strict=True)
    )


def _ran(
    model: nn.Module, images: Tensor, *, ungated: bool
) -> tuple[list[LayerShape], dict[str, list[Tensor]]]:
    """Run images, and return the layers in the order they ran and the inputs of their calls.

    The inputs are by the names that the layers have in the model.
    """
    inputs: dict[str, list[Tensor]] = {}
    layers = pg_layers(model)
    gates = {name: own_gate(layer) for name, layer in layers.items()}

    def keep(name: str, _layer: nn.Module, x: Tensor, mask: Tensor | None) -> None:
        if ungated or mask is not None:
            inputs.setdefault(name, []).append(x.clone())  # what follows may write over it

    with listening(model, gates, keep):
        model(images)
    if not inputs:
        raise InputError("no operands: the images reached no gated layer.")
    calls = {
        name: Calls(len(images), [tuple(x.shape) for x in steps]) for name, steps in inputs.items()
    }
    modules = [described(name, layers[name], gates[name], calls[name]) for name in calls]
    return [shape for module in modules for shape in module.shapes], inputs


def _operands(shape: LayerShape, layer: PGLayer, steps: Sequence[Tensor]) -> LayerOperands:
    """Return the operands of a layer from its inputs: one, or one for each time step."""
    gate = own_gate(layer)
    x = torch.stack(list(steps), dim=1) if gate.recurrent else steps[0]
    quantized = layer.gate.quantized(layer.weight, torch.float64)
    weights, (activations, step) = quantized[0], layer.gate.integers(x, quantized)
    if isinstance(layer, PGLinear):  # its positions are one column, its kernel is 1 x 1
        tokens = activations.reshape(len(x), -1, layer.in_features)
        activations = tokens.transpose(1, 2).unsqueeze(-1)
        weights = weights[..., None, None]
    return LayerOperands(
        shape,
        _array(activations, operand_dtype(shape.activation_bits, shape.signed)),
        _array(weights, operand_dtype(shape.weight_bits, signed=True)),
        _array(_thresholds(layer, step * 2**shape.lsb_bits), THRESHOLD_DTYPE),
        shape.gated and layer.gate.opens_near_zero,
    )


def _thresholds(layer: PGLayer, msb_step: Tensor) -> Tensor:
    """Return the thresholds within int32, one per channel; none where the inputs are gated."""
    if layer.gate.threshold is None:
        return torch.empty(0)
    limits = torch.iinfo(torch.int32)
    return integer_threshold(layer.gate.threshold, msb_step).clamp(limits.min, limits.max).flatten()


def _array(integers: Tensor, dtype: np.dtype[Any]) -> NDArray[np.integer[Any]]:
    array: NDArray[np.integer[Any]] = integers.detach().cpu().numpy().astype(dtype)
    return array
