"""Convolutions whose input pixels are gated, by how important their region of the image is.

Dynamic activation quantization (Taht, Narayanan and Balasubramonian, "A Case for Dynamic Activation
Quantization in CNNs", EMC2 2018, doi 10.1109/EMC2.2018.00009): the regions of the network's image
are ranked, and unimportant ones are computed at fewer activation bits in every layer::

    gated = RegionGated(network, colour_gradient, fraction=0.4, msb_bits=5)
    trace = capture(gated, batches, model_name="...", dataset="...")

The masks are a trace's `gate: input`. Any network of PGConv2d without gates will do, as trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.gradients import split_planes
from pgsim.gating.layers import PGConv2d
from pgsim.gating.rankings import Ranking, important_regions, ranking_name

_Pair = tuple[int, int]


class RegionConv2d(PGConv2d):
    """A 2-D convolution of ``I_hb·2^lsb_bits + mask·I_lb``, one mask bit per input pixel.

    It runs inside a RegionGated, which hands it the map of important regions.

    Parameters
    ----------
    layer : PGConv2d
        Without a gate; its weights and quantizer are shared.
    msb_bits : int
        Bits of an unimportant activation, fewer than the layer's.

    Raises
    ------
    InputError
        Where `layer` is gated or `msb_bits` is out of range.
    """

    def __init__(self, layer: PGConv2d, msb_bits: int) -> None:
        activation_bits = layer.gate.activation_bits
        if layer.gate.msb_bits is not None:
            raise InputError("a layer whose outputs are gated cannot have its inputs gated too.")
        if not 1 <= msb_bits < activation_bits:
            raise InputError(
                f"msb_bits is {msb_bits}: expected 1 to {activation_bits - 1}, one less than the "
                "layer's activation_bits."
            )
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            cast(_Pair, layer.kernel_size),
            cast(_Pair, layer.stride),
            cast(_Pair | str, layer.padding),
            cast(_Pair, layer.dilation),
            layer.groups,
            activation_bits=activation_bits,
        )
        self.weight, self.bias, self.gate = layer.weight, layer.bias, layer.gate
        self.msb_bits = msb_bits
        self.important: Tensor | None = None
        self._mask: Tensor | None = None

    @property
    def mask(self) -> Tensor | None:
        """The last forward's mask of the input's pixels, bool ``(images, 1, height, width)``."""
        return self._mask

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(images, out_channels, out_height, out_width)`` in x's dtype."""
        if self.important is None:
            raise InputError("a RegionConv2d has no map of regions: run the RegionGated around it.")
        self._mask = scaled_map(self.important, x.shape[-2], x.shape[-1])
        return super().forward(x)

    def _product(self, activations: Tensor, weights: Tensor) -> Tensor:
        assert self._mask is not None
        _, lsb = split_planes(activations, self.gate.activation_bits - self.msb_bits)
        return super()._product(activations - lsb.masked_fill(self._mask, 0), weights)


def scaled_map(important: Tensor, height: int, width: int) -> Tensor:
    """Return a map of regions in pixels, ``(images, 1, height, width)``.

    `important` is ``(images, rows, columns)``. A pixel is of the region in which its upper left
    corner lies.
    """
    rows, columns = (
        torch.arange(size, device=important.device) * regions // size
        for size, regions in ((height, important.shape[1]), (width, important.shape[2]))
    )
    return important[:, None, rows[:, None], columns]


class RegionGated(nn.Module):
    """A copy of a network whose convolutions compute unimportant regions at `msb_bits` bits.

    Images are ``(images, 3, height, width)`` in [0, 1], in 255ths. The linear layers keep all bits.

    Parameters
    ----------
    model : nn.Module
        Whose convolutions are PGConv2d without gates; it stays as it is.
    ranking : callable
        From pixels and the side of a region to scores, as in `pgsim.gating.rankings`.
    fraction : float
        How many of each image's regions, those of the lowest scores, are unimportant, 0 to 1.
    msb_bits : int
        Bits of an unimportant activation.
    region : int
        Side of a square region of the image in pixels.

    Raises
    ------
    InputError
        Where a convolution is no PGConv2d or is gated, where the network has none, where a number
        is out of range, or where the ranking is a lambda or another one that
        `rankings.ranking_name` refuses.
    """

    def __init__(
        self, model: nn.Module, ranking: Ranking, fraction: float, msb_bits: int, region: int = 4
    ) -> None:
        super().__init__()
        if not 0 <= fraction <= 1:
            raise InputError(f"fraction is {fraction}: expected 0 to 1.")
        if region < 1:
            raise InputError(f"region is {region}: expected at least 1 pixel.")
        ranking_name(ranking)  # raises for one that a resumed capture could take for another
        self.ranking = ranking
        self.fraction = fraction
        self.msb_bits = msb_bits
        self.region = region
        self.model = _region_gated(model, msb_bits)

    def extra_repr(self) -> str:
        """Return what the module prints as, between its brackets."""
        return (
            f"ranking={ranking_name(self.ranking)}, fraction={self.fraction}, "
            f"msb_bits={self.msb_bits}, region={self.region}"
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the network's output."""
        with self._handed(self.important(images)):
            output: Tensor = self.model(images)
        return output

    def important(self, images: Tensor) -> Tensor:
        """Return which regions are important, bool ``(images, rows, columns)``.

        Pixels are taken to be in [0, 1]. Raises InputError where they are not three colours, or
        regions do not fill the images.
        """
        if images.dim() != 4 or images.shape[1] != 3:
            raise InputError(
                f"images of shape {tuple(images.shape)}: expected (images, 3, height, width): "
                "regions are ranked by their colours."
            )
        height, width = images.shape[-2:]
        if height % self.region or width % self.region:
            raise InputError(
                f"images of {height} x {width} pixels: expected whole regions of {self.region} "
                "pixels a side."
            )
        pixels = (images.detach() * 255).round().clamp(0, 255).to(torch.uint8)
        return important_regions(self.ranking(pixels, self.region), self.fraction)

    @contextmanager
    def _handed(self, important: Tensor) -> Iterator[None]:
        """Give the convolutions the map for the duration of a forward pass."""
        layers = [layer for layer in self.model.modules() if isinstance(layer, RegionConv2d)]
        for layer in layers:
            layer.important = important
        try:
            yield
        finally:
            for layer in layers:
                layer.important = None


def _region_gated(model: nn.Module, msb_bits: int) -> nn.Module:
    """Return a copy of a network with a RegionConv2d in place of every convolution."""
    copied = deepcopy(model)
    convolutions = {
        name: module
        for name, module in copied.named_modules(remove_duplicate=False)
        if name and isinstance(module, nn.modules.conv._ConvNd)
    }
    if not convolutions:
        raise InputError("the network has no convolution inside it, so no layer has regions.")
    for name, layer in convolutions.items():
        if not isinstance(layer, PGConv2d):
            raise InputError(
                f"layer {name!r} is a {type(layer).__name__}: expected a PGConv2d, at the bits of "
                "important regions."
            )
        try:
            made = RegionConv2d(layer, msb_bits)
        except InputError as error:
            raise InputError(f"layer {name!r}: {error}") from None
        parent, _, child = name.rpartition(".")
        setattr(copied.get_submodule(parent), child, made.train(layer.training))
    return copied
