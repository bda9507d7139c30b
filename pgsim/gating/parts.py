"""Traces cut and put together along their images, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from pgsim.errors import InputError
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.trace import GateTrace


def part_of(parts: Sequence[GateTrace], start: int = 0, stop: int | None = None) -> GateTrace:
    """Return images `start` to `stop` of traces of the same layers, one after the other.

    The masks are copied, so that they do not keep those of the other images.
    """
    begin, end, _ = slice(start, stop).indices(sum(part.images for part in parts))
    columns = zip(*(part.layers for part in parts), strict=True)
    layers = tuple(_cut(column, begin, end) for column in columns)
    return replace(parts[0], images=max(end - begin, 0), layers=layers)


def _cut(parts: Sequence[LayerTrace], start: int, stop: int) -> LayerTrace:
    shards = tuple(chain.from_iterable(part.shards for part in parts))
    if not shards:
        return parts[0]
    words = LayerTrace(parts[0].shape, shards).mask_words(start, stop).copy()
    words.flags.writeable = False
    return LayerTrace(parts[0].shape, (words,))


def same_layers(part: GateTrace, first: GateTrace) -> GateTrace:
    """Return `part`; raises InputError, naming the layer, where it ran other layers than `first`.

    Between batches of one model this is another input size, or a layer that did not run.
    """
    shapes = {layer.shape.name: layer.shape for layer in first.layers}
    for layer in part.layers:
        if shapes.get(layer.shape.name, layer.shape) != layer.shape:
            raise InputError(f"layer {layer.shape.name!r}: the input size changed between batches.")
    names = [layer.shape.name for layer in part.layers]
    if names != list(shapes):
        raise InputError(
            f"the layers that ran changed between batches: {', '.join(shapes)}, then "
            f"{', '.join(names)}."
        )
    return part
