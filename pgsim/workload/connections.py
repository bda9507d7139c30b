"""Which layers read which layers' outputs.

A layer's output is what is written behind all that follows it element by element: bias, batch norm,
activation function, and the sum with a shortcut. So a layer reads the outputs that make its
operand, and those that are added to its own output. Where operands are joined, as by
concatenation, it reads all of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from math import prod

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape
from pgsim.workload.problems import short

NETWORK_INPUT = "network"  # among a layer's inputs: the network's own, or what no layer made


def producers(layers: Sequence[LayerShape]) -> dict[str, tuple[str, ...]]:
    """Return what each layer reads: names of layers before it, or `NETWORK_INPUT`, by its own name.

    A layer that does not say reads the one before it, and the first one the network's input. Of
    layers taken out of a network, the others' outputs are what no layer made.

    Examples
    --------
    >>> from pgsim import network
    >>> producers(network("resnet20"))["layer1.1.conv2"]
    ('layer1.1.conv1', 'layer1.0.conv2')
    """
    found: dict[str, tuple[str, ...]] = {}
    last = NETWORK_INPUT
    for layer in layers:
        found[layer.name] = _made_by(found, layer.inputs or (last,))
        last = layer.name
    return found


def among(layers: Sequence[LayerShape]) -> tuple[LayerShape, ...]:
    """Return layers that name none but each other: what others of their network made, none did."""
    names = {NETWORK_INPUT, *(layer.name for layer in layers)}
    return tuple(
        layer
        if names.issuperset(reads := layer.inputs or ())
        else layer.replace(inputs=_made_by(names, reads))
        for layer in layers
    )


def _made_by(layers: Container[str], reads: Iterable[str]) -> tuple[str, ...]:
    """Return what is read of some layers, and once what none of them made."""
    return tuple(dict.fromkeys(name if name in layers else NETWORK_INPUT for name in reads))


def check_inputs(layers: Sequence[LayerShape], where: str) -> None:
    """Raise InputError, that begins with `where`, for inputs that a layer cannot read."""
    earlier: dict[str, LayerShape] = {}
    names = {layer.name for layer in layers}
    for layer in layers:
        about = f"{where}: layer {layer.name!r}: inputs"
        for name in layer.inputs or ():
            hint = nearest(name, [*earlier, NETWORK_INPUT])
            if name != NETWORK_INPUT and name not in names:
                raise InputError(
                    f"{about}: {short(name)} is no layer, and not {NETWORK_INPUT!r}, which is the "
                    f"network's own input, and what no layer here made.{hint}"
                )
            if name != NETWORK_INPUT and name not in earlier:
                raise InputError(
                    f"{about}: {name!r} should come before the layer that reads it"
                    f"{'.' if hint else ''}{hint}"
                )
        read = [earlier[name] for name in layer.inputs or () if name != NETWORK_INPUT]
        if not fits(layer, read):
            raise InputError(
                f"{about}: {', '.join(each.name for each in read)} have "
                f"{sum(each.out_channels for each in read)} output channels, fewer than its "
                f"in_channels {layer.in_channels}"
            )
        earlier[layer.name] = layer


def fits(layer: LayerShape, read: Sequence[LayerShape]) -> bool:
    """Say whether a layer of maps can read these layers' maps: they have channels enough.

    Of larger maps pixels can be made channels, and channels may be there several times, as where x
    and -x are joined; what reads anything but maps, or the network's input, is not looked at.
    """
    if NETWORK_INPUT in (layer.inputs or ()) or not read:
        return True
    if not all(each.in_size for each in (layer, *read)):
        return True
    channels = sum(each.out_channels for each in read)
    pixels = max(each.outputs_per_channel for each in read)
    copies = layer.in_channels % channels == 0
    return channels >= layer.in_channels or copies or pixels > prod(layer.image_in_size)
