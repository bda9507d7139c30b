"""Layers at bit widths that their network was not trained at, under the same masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pgsim.workload.layer import LayerShape
from pgsim.workload.layer_trace import LayerTrace


def at_bits(
    layers: Iterable[LayerTrace], bits: Mapping[str, object], where: str
) -> tuple[LayerTrace, ...]:
    """Return layers of which those with a mask are at other widths, by field of a manifest.

    Raises InputError, that begins with `where`, for a layer that cannot have them.
    """
    return tuple(
        replace(layer, shape=_shape_at(layer.shape, bits, where), verify=False)
        if layer.shards
        else layer
        for layer in layers
    )


def _shape_at(shape: LayerShape, bits: Mapping[str, object], where: str) -> LayerShape:
    """Return a layer at other widths; of other operands nobody measured the zeros."""
    changed = shape.replace(where, **bits, zeros=None)
    widths = (shape.activation_bits, shape.weight_bits)
    if (changed.activation_bits, changed.weight_bits) == widths:
        return shape.replace(where, **bits)
    return changed
