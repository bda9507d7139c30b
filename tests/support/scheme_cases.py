"""Layers of every gate, 5 bits of which 3 are MSBs or 4 whole ones, and their passes in short."""

from __future__ import annotations

from designs import drawn, linear, trace_of

from pgsim.schemes import Scheme, layer_passes
from pgsim.workload import LayerTrace

GATED = trace_of(linear(2, 3, 1, activation_bits=5, msb_bits=3, weight_bits=6), drawn("x.")).layers[
    0
]
UNGATED = trace_of(linear(2, 3, 1, gate="none", msb_bits=None, weight_bits=6)).layers[0]
INPUT_GATED = trace_of(linear(2, 3, 1, gate="input"), drawn("x.")).layers[0]

Widths = list[tuple[int, int, bool]]
Planes = list[tuple[tuple[int, int], tuple[int, int]]]


def widths(layer: LayerTrace, scheme: str | Scheme) -> Widths:
    """Of each pass its activation bits, its weight bits, and whether it is gated."""
    return [
        (each.activation_bits, each.weight_bits, each.gated) for each in layer_passes(layer, scheme)
    ]


def planes(layer: LayerTrace, scheme: str | Scheme) -> Planes:
    """Of each pass its planes of activations and of weights, as (lowest bit, bits)."""
    return [
        ((each.activation.low, each.activation.bits), (each.weight.low, each.weight.bits))
        for each in layer_passes(layer, scheme)
    ]
