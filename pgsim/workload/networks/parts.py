"""What published networks are built of: a name and a line on each, and fields of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Widths = dict[str, Any]  # activation_bits, msb_bits, weight_bits and gate of some layers
Layers = Iterator[dict[str, Any]]

EDGE: Widths = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}  # of a first and last layer


@dataclass(frozen=True)
class Network:
    """A published network: its name, what it is, and the fields of its layers at given widths.

    `layers` takes the widths of its gated layers.
    """

    name: str
    description: str
    layers: Callable[[Widths], Layers]


def ungated(gated: Widths) -> Widths:
    """Return the widths of a layer that all outputs of are computed whole."""
    return {**gated, "gate": "none", "msb_bits": None}


def conv(
    name: str, channels: tuple[int, int], size: int, kernel: int, widths: Widths, **others: Any
) -> dict[str, Any]:
    """Return a square convolution whose padding keeps the size at stride 1."""
    geometry: dict[str, Any] = {
        "name": name,
        "op": "conv2d",
        "in_channels": channels[0],
        "out_channels": channels[1],
        "in_size": [size, size],
        "kernel": [kernel, kernel],
        "padding": [kernel // 2, kernel // 2],
    }
    return geometry | widths | others


def linear(
    name: str, channels: tuple[int, int], positions: int, widths: Widths, **others: Any
) -> dict[str, Any]:
    """Return a linear layer over some positions."""
    return {
        "name": name,
        "op": "linear",
        "in_channels": channels[0],
        "out_channels": channels[1],
        "positions": positions,
        **widths,
        **others,
    }


def matmul(
    name: str, channels: tuple[int, int], positions: int, widths: Widths, **others: Any
) -> dict[str, Any]:
    """Return a product of two activations over some positions."""
    return {**linear(name, channels, positions, widths, **others), "op": "matmul"}
