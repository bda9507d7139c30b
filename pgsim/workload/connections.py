"""Which layers read which layers' outputs.

A layer's output is what is written behind all that follows it element by element: bias, batch norm,
activation function, and the sum with a shortcut. So a layer reads the outputs that make its
operand, and those that are added to its own output. Where operands are joined, as by
concatenation, it reads all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape
from pgsim.workload.problems import short

NETWORK_INPUT = "network"  # among a layer's inputs: the network's own, or what no layer made


def producers(layers: Sequence[LayerShape]) -> dict[str, tuple[str, ...]]:
    """Return what each layer reads: names of layers, or `NETWORK_INPUT`, by its own name.

    A layer that does not say reads the one before it, and the first one the network's input.

    Examples
    --------
    >>> from pgsim import network
    >>> producers(network("resnet20"))["layer1.1.conv2"]
    ('layer1.1.conv1', 'layer1.0.conv2')
    """
    before = {layer.name: (previous.name,) for previous, layer in pairwise(layers)}
    return {
        layer.name: layer.inputs or before.get(layer.name, (NETWORK_INPUT,)) for layer in layers
    }


def check_inputs(layers: Sequence[LayerShape], where: str) -> None:
    """Raise InputError, that begins with `where`, for inputs that the layer cannot read."""
    earlier: dict[str, LayerShape] = {}
    names = {layer.name for layer in layers}
    for layer in layers:
        about = f"{where}: layer {layer.name!r}: inputs"
        for name in layer.inputs or ():
            if name != NETWORK_INPUT and name not in names:
                raise InputError(
                    f"{about}: {short(name)} is no layer, and not {NETWORK_INPUT!r}, which is the "
                    f"network's own input.{nearest(name, names)}"
                )
            if name != NETWORK_INPUT and name not in earlier:
                raise InputError(f"{about}: {name!r} should come before the layer that reads it")
        if layer.inputs and NETWORK_INPUT not in layer.inputs:
            _check_channels(layer, [earlier[name] for name in layer.inputs], about)
        earlier[layer.name] = layer


def _check_channels(layer: LayerShape, read: Sequence[LayerShape], about: str) -> None:
    """Raise InputError where a layer of maps has more channels than the maps that it reads.

    Of larger maps pixels can be made channels; what reads anything but maps is not looked at.
    """
    if not all(each.in_size for each in (layer, *read)):
        return
    channels = sum(each.out_channels for each in read)
    pixels = max(each.outputs_per_channel for each in read)
    if channels < layer.in_channels and pixels <= prod(layer.image_in_size):
        raise InputError(
            f"{about}: {', '.join(each.name for each in read)} have {channels} output channels, "
            f"fewer than its in_channels {layer.in_channels}"
        )
