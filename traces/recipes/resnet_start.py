"""Make a trained full-precision ResNet-20 the start of its quantized and gated variants."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from gates import best_clip
from resnet_network import Block, ResNet20, Widths
from torch import Tensor, nn

from pgsim.gating import pg_layers


def unit_outputs(model: ResNet20, images: Tensor) -> ResNet20:
    """Return a copy whose convolutions' outputs have standard deviation one on the images.

    The batch norm behind each takes the factor back, so that the network computes the same. It
    gives all layers one unit: PG pulls every threshold to one target, whatever the layer.
    """
    scaled = copy.deepcopy(model).eval()
    names = {name for name, module in scaled.named_modules() if isinstance(module, nn.Conv2d)}
    with _kept(scaled, names, outputs=True) as outputs, torch.no_grad():
        scaled(images)
        for name, norm in _norms(scaled):
            conv = scaled.get_submodule(name)
            factor = outputs[name].std()
            conv.weight /= factor
            norm.running_mean /= factor
            norm.running_var /= factor.square()
    return scaled


def quantized(start: ResNet20, widths: Widths, target: float, images: Tensor) -> ResNet20:
    """Return the network of `widths` with the weights of `start`, before it is tuned.

    Each layer's clip is the one that quantizes its inputs on the images with the least squared
    error; thresholds are `target`.
    """
    model = ResNet20(widths)
    model.load_state_dict(start.state_dict(), strict=False)  # clips and thresholds are new
    layers = pg_layers(model)
    with _kept(start.eval(), set(layers), outputs=False) as inputs, torch.no_grad():
        start(images)
        for name, layer in layers.items():
            layer.gate.quantize.clip.fill_(best_clip(inputs[name], layer.gate.quantize.levels))
            if layer.gate.threshold is not None:
                layer.gate.threshold.fill_(target)
    return model.to(memory_format=torch.channels_last)


def _norms(model: ResNet20) -> Iterator[tuple[str, nn.BatchNorm2d]]:
    """Yield each convolution's name, and the batch norm behind it."""
    yield "conv1", model.bn1
    for name, block in model.named_modules():
        if isinstance(block, Block):
            yield f"{name}.conv1", block.bn1
            yield f"{name}.conv2", block.bn2


@contextmanager
def _kept(model: nn.Module, names: set[str], outputs: bool) -> Iterator[dict[str, Tensor]]:
    """Keep what the named modules take in, or give out, in the block's last forward pass."""
    kept: dict[str, Tensor] = {}
    with ExitStack() as stack:
        for name in names:

            def hook(_: nn.Module, taken: tuple[Tensor], given: Tensor, name: str = name) -> None:
                kept[name] = given if outputs else taken[0]

            stack.callback(model.get_submodule(name).register_forward_hook(hook).remove)
        yield kept
