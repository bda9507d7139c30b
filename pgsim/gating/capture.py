"""Run a gated model and keep what its gates decided: the masks of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.layers import PGLayer, PGLinear, pg_layers
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.trace import GateTrace


def capture(
    model: nn.Module,
    batches: Iterable[Tensor],
    *,
    model_name: str,
    dataset: str,
    accuracy: Mapping[str, float] | None = None,
    provenance: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> GateTrace:
    """Return the trace of a model in eval mode: its layers as they ran, its masks bit for bit.

    `batches` are model inputs, images on the first axis, all images of one size; their order is the
    trace's. The layers are the model's PGConv2d and PGLinear in the order they ran. All masks are
    held in memory, one byte a gated output. `accuracy`, fractions by name, `provenance` and `name`
    are the trace's.
    Raises InputError where a layer states no widths (a plain nn.Conv2d), runs more than once a
    batch or at two input sizes, or where nothing ran.
    """
    _require_stated_widths(model)
    shapes, masks, images = _run(model, batches)
    if not shapes:
        raise InputError("nothing to capture: no batch reached a PGConv2d or PGLinear.")
    return GateTrace.from_masks(
        {layer_name: np.concatenate(parts) for layer_name, parts in masks.items()},
        shapes.values(),
        model=model_name,
        dataset=dataset,
        mask_source="captured",
        accuracy=accuracy,
        provenance=provenance,
        images=images,
        name=name,
    )


def _run(
    model: nn.Module, batches: Iterable[Tensor]
) -> tuple[dict[str, LayerShape], dict[str, list[NDArray[np.bool_]]], int]:
    """Return the layers by name in the order they ran, their masks by batch, and the images."""
    shapes: dict[str, LayerShape] = {}
    masks: dict[str, list[NDArray[np.bool_]]] = {}
    ran: set[str] = set()
    images = 0

    def keep(name: str, layer: PGLayer, x: Tensor) -> None:
        shape = shape_of(name, layer, tuple(x.shape))
        if name in ran:
            raise InputError(f"layer {name!r} ran twice in one batch: give each place its own.")
        if shapes.setdefault(name, shape) != shape:
            raise InputError(f"layer {name!r}: the input size changed between batches.")
        ran.add(name)
        if layer.mask is not None:
            masks.setdefault(name, []).append(_channels_first(layer, layer.mask))

    with listening(model, keep):
        for batch in batches:
            ran.clear()
            model(batch)
            images += len(batch)
    return shapes, masks, images


def shape_of(name: str, layer: PGLayer, input_shape: tuple[int, ...]) -> LayerShape:
    """Return the geometry (M1) and the widths of a layer that ran on an input of `input_shape`.

    Raises InputError naming the layer where pgsim cannot describe it.
    """
    gate = layer.gate
    fields: dict[str, object] = {
        "name": name,
        "activation_bits": gate.activation_bits,
        "msb_bits": gate.msb_bits,
        "weight_bits": gate.weight_bits,
        "gate": "none" if gate.msb_bits is None else "output",
        "signed": gate.quantize.signed,
    }
    if isinstance(layer, PGLinear):
        fields |= {
            "op": "linear",
            "in_channels": layer.in_features,
            "out_channels": layer.out_features,
            "positions": input_shape[1] if len(input_shape) == 3 else 1,
        }
    else:
        fields |= {
            "op": "conv2d",
            "in_channels": layer.in_channels,
            "out_channels": layer.out_channels,
            "in_size": input_shape[2:],
            "kernel": layer.kernel_size,
            "stride": layer.stride,
            "padding": layer.padding,
            "dilation": layer.dilation,
            "groups": layer.groups,
        }
    return layer_shape(fields)


@contextmanager
def listening(model: nn.Module, keep: Callable[[str, PGLayer, Tensor], None]) -> Iterator[None]:
    """Call `keep(name, layer, input)` after each layer; run in eval mode, without gradients."""

    def hook_of(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
            assert isinstance(layer, PGLayer)
            keep(name, layer, inputs[0])

        return hook

    handles = [
        layer.register_forward_hook(hook_of(name)) for name, layer in pg_layers(model).items()
    ]
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training


def _channels_first(layer: PGLayer, mask: Tensor) -> NDArray[np.bool_]:
    """Return a mask as (images, channels, height, width) or (images, channels, positions)."""
    if isinstance(layer, PGLinear):
        mask = mask.unsqueeze(-1) if mask.dim() == 2 else mask.transpose(1, 2)
    array: NDArray[np.bool_] = mask.cpu().numpy()
    return array


def _require_stated_widths(model: nn.Module) -> None:
    """Raise InputError for a layer that multiplies but states no widths: it would be left out."""
    multiplying = (nn.modules.conv._ConvNd, nn.Linear, nn.RNNBase, nn.MultiheadAttention)
    for name, module in model.named_modules():
        if isinstance(module, multiplying) and not isinstance(module, PGLayer):
            raise InputError(
                f"layer {name!r} is a plain {type(module).__name__}, so its widths are unknown: "
                "make it a PGConv2d or PGLinear (msb_bits=None for a layer without a gate)."
            )
