"""What is captured of some images, cut and put together along them, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from pgsim.errors import InputError
from pgsim.gating.zeros import ZeroCounts, joined
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.trace import GateTrace


@dataclass(frozen=True)
class Part:
    """The trace of some images, and the zeros among their operands, by name of layer."""

    trace: GateTrace
    zeros: Mapping[str, ZeroCounts]

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.trace.images

    def stated(self) -> GateTrace:
        """Return the trace, whose layers say what fraction of their operands is zero."""
        layers = tuple(
            replace(each, shape=each.shape.replace(zeros=counts.stated(each.shape)), verify=False)
            if (counts := self.zeros.get(each.shape.name))
            else each
            for each in self.trace.layers
        )
        return replace(self.trace, layers=layers)


def part_of(parts: Sequence[Part], start: int = 0, stop: int | None = None) -> Part:
    """Return images `start` to `stop` of parts of the same layers, one after the other.

    The masks are copied, so that they do not keep those of the other images.
    """
    begin, end, _ = slice(start, stop).indices(sum(part.images for part in parts))
    columns = zip(*(part.trace.layers for part in parts), strict=True)
    layers = tuple(_cut(column, begin, end) for column in columns)
    zeros = {
        name: joined([part.zeros[name] for part in parts], begin, end) for name in parts[0].zeros
    }
    return Part(replace(parts[0].trace, images=max(end - begin, 0), layers=layers), zeros)


def _cut(parts: Sequence[LayerTrace], start: int, stop: int) -> LayerTrace:
    shards = tuple(chain.from_iterable(part.shards for part in parts))
    if not shards:
        return parts[0]
    words = LayerTrace(parts[0].shape, shards).mask_words(start, stop).copy()
    words.flags.writeable = False
    return LayerTrace(parts[0].shape, (words,))


def same_layers(part: Part, first: Part) -> Part:
    """Return `part`; raises InputError, naming the layer, where it ran other layers than `first`.

    Between batches of one model this is another input size, or a layer that did not run.
    """
    shapes = {layer.shape.name: layer.shape for layer in first.trace.layers}
    for layer in part.trace.layers:
        if shapes.get(layer.shape.name, layer.shape) != layer.shape:
            raise InputError(f"layer {layer.shape.name!r}: the input size changed between batches.")
    names = [layer.shape.name for layer in part.trace.layers]
    if names != list(shapes):
        raise InputError(
            f"the layers that ran changed between batches: {', '.join(shapes)}, then "
            f"{', '.join(names)}."
        )
    return part
