"""How many of a layer's operands are zero, counted in the integers that it multiplies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgsim.gating.gradients import split_planes
from pgsim.gating.layers import PGLayer
from pgsim.gating.modules import own_gate
from pgsim.workload.layer import LayerShape
from pgsim.workload.zeros import PlaneZeros, Zeros

Plane = tuple[int, int]
"""Of an operand's bits: the lowest, and how many there are."""

ByImage = Mapping[Plane, NDArray[np.int64]]
"""By plane, how many inputs of each image have only zeros in its bits, (images,)."""


@dataclass(frozen=True)
class ZeroCounts:
    """Zeros among a layer's inputs, and the fraction of them among its weights.

    Attributes
    ----------
    activations : mapping of planes to int64 arrays (images,)
        How many inputs of each image are zero.
    weight : float
        What fraction of the weights is zero.
    """

    activations: ByImage
    weight: float

    def stated(self, shape: LayerShape) -> Zeros:
        """Return the fractions as the manifest of a layer of this shape has them."""
        inputs = shape.in_channels * prod(shape.image_in_size)
        activation = tuple(
            PlaneZeros(*plane, int(counts.sum()) / (len(counts) * inputs))
            for plane, counts in self.activations.items()
        )
        return Zeros(activation=activation, weight=(PlaneZeros(0, shape.weight_bits, self.weight),))


def zeros_of_call(layer: PGLayer, x: Tensor, images: int) -> ByImage:
    """Return how many inputs of each image are zero in one call of a layer, by plane.

    Where images are not on the first axis of x, their zeros are counted together and said to be of
    all images alike.
    """
    gate = own_gate(layer)
    integers = layer.gate.quantize(x.to(torch.float64))
    planes = {(0, gate.activation_bits): integers}
    if gate.msb_bits is not None:
        lsb_bits = gate.activation_bits - gate.msb_bits
        planes[lsb_bits, gate.msb_bits], planes[0, lsb_bits] = split_planes(integers, lsb_bits)
    return {plane: _by_image(each == 0, images) for plane, each in planes.items()}


def _by_image(zeros: Tensor, images: int) -> NDArray[np.int64]:
    if len(zeros) == images:
        counts: NDArray[np.int64] = zeros.flatten(1).sum(1).cpu().numpy()
        return counts
    return np.diff(int(zeros.sum()) * np.arange(images + 1) // images)


def zeros_of_layer(layer: PGLayer, calls: Sequence[ByImage]) -> ZeroCounts:
    """Return the zeros of a layer in all its calls of one batch."""
    weights, _ = layer.gate.quantized(layer.weight, torch.float64)
    counts = {plane: np.sum([call[plane] for call in calls], axis=0) for plane in calls[0]}
    return ZeroCounts(counts, (weights == 0).double().mean().item())


def joined(parts: Sequence[ZeroCounts], start: int, stop: int) -> ZeroCounts:
    """Return the zeros of images `start` to `stop` of parts that lie one after the other."""
    counts = {
        plane: np.concatenate([part.activations[plane] for part in parts])[start:stop]
        for plane in parts[0].activations
    }
    return ZeroCounts(counts, parts[0].weight)
