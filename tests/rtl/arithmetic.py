"""A layer's passes on whole numbers, in numpy: what an array must compute, bit for bit.

A layer is the manifest's dictionary; `linear` and `recurrent` layers are 1 x 1 convolutions of a
column of positions. Activations are (images, channels, height, width), weights (out channels,
reduction), the reduction tap by tap and within a tap by the group's input channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from reference import Pass, Plane

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Geometry:
    """A layer as a convolution: sides are (height, width)."""

    groups: int
    depth: int  # input channels of a group
    channels: int  # output channels of a group
    in_size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    margins: tuple[tuple[int, int], tuple[int, int]]  # (before, after) each side
    dilation: tuple[int, int]

    @property
    def reduction(self) -> int:
        return self.kernel[0] * self.kernel[1] * self.depth

    @property
    def out_size(self) -> tuple[int, int]:
        high, wide = (
            (size + sum(margins) - dilation * (side - 1) - 1) // stride + 1
            for size, margins, dilation, side, stride in zip(
                self.in_size, self.margins, self.dilation, self.kernel, self.stride, strict=True
            )
        )
        return high, wide


def geometry(layer: dict[str, Any]) -> Geometry:
    groups = layer.get("groups", 1)
    sides: dict[str, tuple[int, int]] = {}
    margins = ((0, 0), (0, 0))
    if layer["op"] == "conv2d":
        margins = _margins(layer.get("padding", [0, 0]))
        defaults = {"stride": [1, 1], "dilation": [1, 1]}
        for name in ("in_size", "kernel", "stride", "dilation"):
            high, wide = layer.get(name, defaults.get(name))
            sides[name] = (high, wide)
    else:
        length = layer["positions"] if layer["op"] == "linear" else layer["time_steps"]
        sides = {"in_size": (length, 1), "kernel": (1, 1), "stride": (1, 1)}
        sides |= {"dilation": (1, 1)}
    return Geometry(
        groups=groups,
        depth=layer["in_channels"] // groups,
        channels=layer["out_channels"] // groups,
        margins=margins,
        **sides,
    )


def _margins(padding: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (before, after) of the rows and of the columns (M50)."""
    ends = padding if len(padding) == 4 else [side for side in padding for _ in range(2)]
    top, bottom, left, right = ends
    return (top, bottom), (left, right)


def operand_vectors(activations: Integers, shape: Geometry) -> Integers:
    """Return (images, groups, positions, reduction): zero where a kernel leaves the image."""
    images = len(activations)
    high, wide = shape.out_size
    padded = np.pad(activations, ((0, 0), (0, 0), *shape.margins))
    taps = []
    for y in range(shape.kernel[0]):
        for x in range(shape.kernel[1]):
            top, left = y * shape.dilation[0], x * shape.dilation[1]
            rows = slice(top, top + (high - 1) * shape.stride[0] + 1, shape.stride[0])
            columns = slice(left, left + (wide - 1) * shape.stride[1] + 1, shape.stride[1])
            taps.append(padded[:, :, rows, columns].reshape(images, shape.groups, shape.depth, -1))
    stacked = np.stack(taps, axis=2)  # images, groups, taps, depth, positions
    return stacked.reshape(images, shape.groups, shape.reduction, -1).swapaxes(2, 3)


def sums(activations: Integers, weights: Integers, shape: Geometry) -> Integers:
    """Return W * I, (images, out channels, positions)."""
    vectors = operand_vectors(activations, shape)
    own = weights.reshape(shape.groups, shape.channels, shape.reduction)
    found = np.einsum("igpd,gcd->igcp", vectors, own)
    return found.reshape(len(activations), shape.groups * shape.channels, -1)


def plane_of(operands: Integers, plane: Plane, operand_bits: int) -> Integers:
    """Return a plane of operands, signed as they are if it holds their top bit, else unsigned."""
    shifted = operands >> plane.low
    holds_top = plane.low < operand_bits <= plane.low + plane.bits
    return shifted if holds_top else shifted & ((1 << plane.bits) - 1)


def pass_sums(
    one: Pass, activations: Integers, weights: Integers, layer: dict[str, Any]
) -> Integers:
    """Return what a pass adds to the outputs it computes, (images, out channels, positions)."""
    plane_sums = sums(
        plane_of(activations, one.activation, layer["activation_bits"]),
        plane_of(weights, one.weight, layer["weight_bits"]),
        geometry(layer),
    )
    return plane_sums << (one.activation.low + one.weight.low)


def leading_passes(passes: Sequence[Pass]) -> int:
    """Return how many passes come before the first gated one, which the gate decides about."""
    return next((i for i, one in enumerate(passes) if one.gated), len(passes))
