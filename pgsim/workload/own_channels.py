"""Which channels of a network's layers are its own, so that no wider network has more of them.

They are the channels of its input, the outputs that no layer reads, tokens that a product of
activations takes for channels, and the outputs of all layers that are added to any of these: what
is added element by element has one width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from pgsim.errors import InputError
from pgsim.workload.connections import NETWORK_INPUT, producers
from pgsim.workload.layer import LayerShape
from pgsim.workload.products import ProductSides, product_sides


class OwnChannels(NamedTuple):
    """How many of a layer's input and output channels are the network's own."""

    inputs: int
    outputs: int


def is_depthwise(layer: LayerShape) -> bool:
    """Say whether each input channel has outputs of its own, whose number follows from theirs."""
    return layer.groups > 1 and layer.in_channels_per_group == 1 and layer.kind.shares_weights


class _Reads(NamedTuple):
    """What makes a layer's operand, and what is added to its outputs."""

    operand: tuple[str, ...]
    added: tuple[str, ...]


def own_channels(layers: Sequence[LayerShape]) -> dict[str, OwnChannels]:
    """Return how many channels of each layer are the network's own, by its name.

    Raises InputError that names a layer whose sizes do not tell.
    """
    by_name = {layer.name: layer for layer in layers}
    read = producers(layers)
    sides = _sides(layers, by_name, read)
    reads = {layer.name: _reads(layer, read[layer.name], by_name) for layer in layers}
    unread = by_name.keys() - {name for names in read.values() for name in names}
    tokens = {name for name, each in sides.items() if not each.given}
    alike = [pair for layer in layers for pair in _alike(layer, reads[layer.name], sides, by_name)]
    kept = _reached({NETWORK_INPUT} | unread | tokens, alike)
    found = {}
    for layer in layers:
        outputs = layer.out_channels if layer.name in kept else 0
        if layer.name in sides:
            inputs = _own_features(layer, sides[layer.name].reduced, kept)
        elif layer.kind.reads_own_state:
            inputs = layer.in_channels if outputs else 0
        else:
            inputs = _own_inputs(layer, reads[layer.name].operand, kept, by_name)
        found[layer.name] = OwnChannels(inputs, outputs)
    return found


def _sides(
    layers: Sequence[LayerShape],
    by_name: Mapping[str, LayerShape],
    read: Mapping[str, Sequence[str]],
) -> dict[str, ProductSides]:
    """Return the sides of all products; raises InputError for a layer that mixes tokens."""
    sides: dict[str, ProductSides] = {}
    for layer in layers:
        of = [by_name.get(name) for name in read[layer.name]]
        if not layer.kind.shares_weights:
            sides[layer.name] = product_sides(layer, of, sides)
        elif mixed := next((each for each in of if each and _is_transposed(layer, each)), None):
            raise InputError(
                f"layer {layer.name!r}: its {layer.in_channels} input channels are the positions "
                f"of {mixed.name!r}, whose channels are its positions: which of its outputs are "
                "channels cannot be told"
            )
    return sides


def _is_transposed(layer: LayerShape, read: LayerShape) -> bool:
    """Say whether a layer's channels are another's positions, and its positions that's channels."""
    tokens, features = read.outputs_per_channel, read.out_channels
    return (layer.in_channels, layer.positions) == (tokens, features) and 1 < features != tokens


def _reads(layer: LayerShape, names: Sequence[str], by_name: Mapping[str, LayerShape]) -> _Reads:
    """Return what a layer reads in parts: the first whose channels make its operand, and the rest.

    The operand of a recurrent layer is its own state.
    """
    channels = count = 0
    if not layer.kind.reads_own_state:
        for name in names:
            if channels >= layer.in_channels:
                break
            channels += _share(layer, by_name.get(name))
            count += 1
    return _Reads(tuple(names[:count]), tuple(names[count:]))


def _share(layer: LayerShape, read: LayerShape | None) -> int:
    """Return how many of a layer's channels another one makes, with a map's pixels if they fit."""
    if read is None:
        return 0
    pixels = read.outputs_per_channel // (layer.positions or read.outputs_per_channel)
    flat = _channels(read) * pixels
    return flat if 0 < flat <= layer.in_channels else _channels(read)


def _channels(layer: LayerShape) -> int:
    """Return how many channels others read of a layer: of a recurrent one its state's."""
    return layer.in_channels if layer.kind.reads_own_state else layer.out_channels


def _alike(
    layer: LayerShape,
    reads: _Reads,
    sides: Mapping[str, ProductSides],
    by_name: Mapping[str, LayerShape],
) -> Iterator[tuple[str, str]]:
    """Yield pairs of layers whose outputs are one as wide as the other, or stay both."""
    if is_depthwise(layer):
        yield from ((layer.name, each) for each in reads.operand)
    added = reads.added
    if layer.name in sides:
        own = sides[layer.name]
        yield from ((layer.name, each) for each in own.given)
        yield from permutations(own.reduced, 2)
        tokens = {name for name in (*reads.operand, *added) if name in sides}
        added = tuple({*reads.operand, *added} - own.reduced - own.given - tokens)
    widths = {layer.out_channels, _channels(layer)}
    for other in (by_name[name] for name in added if name in by_name):
        if other.outputs_per_channel == layer.outputs_per_channel and _channels(other) in widths:
            yield layer.name, other.name


def _reached(start: set[str], pairs: Sequence[tuple[str, str]]) -> set[str]:
    """Return all names that pairs lead to from these, and these."""
    beside: dict[str, set[str]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    found, waiting = set(start), list(start)
    while waiting:
        new = beside.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _own_features(layer: LayerShape, reduced: frozenset[str], kept: set[str]) -> int:
    """Return how many inputs of a product stay: tokens, or features that do."""
    return 0 if reduced and not reduced & kept else layer.in_channels


def _own_inputs(
    layer: LayerShape, operand: Sequence[str], kept: set[str], by_name: Mapping[str, LayerShape]
) -> int:
    """Return how many inputs of a layer are of what stays.

    Raises InputError where some are and the channels of all do not add up to its own.
    """
    own = [name for name in operand if name in kept]
    if len(own) in (0, len(operand)):
        return layer.in_channels if own else 0
    shares = {name: _share(layer, by_name.get(name)) for name in operand}
    left = layer.in_channels - sum(shares.values())
    if NETWORK_INPUT in own:
        shares[NETWORK_INPUT] = max(0, left)
    elif left:
        raise InputError(
            f"layer {layer.name!r}: of its {layer.in_channels} input channels some are of "
            f"{', '.join(map(repr, own))}, which keep theirs in a wider network: how many cannot "
            f"be told, because what it reads has {layer.in_channels - left}"
        )
    return sum(shares[name] for name in own)
