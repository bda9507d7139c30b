"""Convolution and linear layer with Precision Gating (Zhang et al., ICLR 2020, arXiv 2002.07136).

A drop-in for torch's own: ``nn.Conv2d(32, 64, 3)`` becomes ``PGConv2d(32, 64, 3, activation_bits=4,
msb_bits=2, weight_bits=8)``. The weights keep their names, so that a full-precision network's
``state_dict`` loads (``strict=False``: clips and thresholds are new).
"""

from __future__ import annotations

from typing import Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.gate import GateOptions, PrecisionGate


class PGConv2d(nn.Conv2d):
    """A 2-D convolution with Precision Gating, or quantized only where `msb_bits` is None.

    The input is ``(images, in_channels, height, width)``, zero-padded.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias
        As torch's own has them, but without a bias by default.
    **options : GateOptions
        `activation_bits`, and what else differs from PrecisionGate's defaults.

    Examples
    --------
    >>> layer = PGConv2d(3, 8, 3, padding=1, activation_bits=4, msb_bits=2)
    >>> layer(torch.rand(2, 3, 6, 6)).shape, layer.mask.dtype
    (torch.Size([2, 8, 6, 6]), torch.bool)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = False,
        **options: Unpack[GateOptions],
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias
        )
        self.gate = PrecisionGate((out_channels, 1, 1), **options)

    @property
    def mask(self) -> Tensor | None:
        """The last forward's mask, bool ``(images, out_channels, height, width)``, or None."""
        return self.gate.mask

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(images, out_channels, out_height, out_width)`` in x's dtype."""
        output: Tensor = self.gate(x, self.weight, self._product)
        return output if self.bias is None else output + self.bias.view(-1, 1, 1)

    def _product(self, activations: Tensor, weights: Tensor) -> Tensor:
        return F.conv2d(
            activations, weights, None, self.stride, self.padding, self.dilation, self.groups
        )


class PGLinear(nn.Linear):
    """A linear layer with Precision Gating, or quantized only where `msb_bits` is None.

    The input is ``(images, in_features)``, or ``(images, tokens, in_features)``.

    Parameters
    ----------
    in_features, out_features, bias
        As torch's own has them.
    **options : GateOptions
        `activation_bits`, and what else differs from PrecisionGate's defaults.

    Examples
    --------
    >>> layer = PGLinear(64, 10, activation_bits=4, msb_bits=2)
    >>> layer(torch.rand(2, 64)).shape, layer.mask.shape
    (torch.Size([2, 10]), torch.Size([2, 10]))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        **options: Unpack[GateOptions],
    ) -> None:
        super().__init__(in_features, out_features, bias)
        self.gate = PrecisionGate((out_features,), **options)

    @property
    def mask(self) -> Tensor | None:
        """The last forward's mask, bool of the output's shape, or None."""
        return self.gate.mask

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(images, out_features)`` or ``(images, tokens, out_features)`` in x's dtype."""
        output: Tensor = self.gate(x, self.weight, F.linear)
        return output if self.bias is None else output + self.bias


PGLayer = PGConv2d | PGLinear


def pg_layers(model: nn.Module) -> dict[str, PGLayer]:
    """Return the PGConv2d and PGLinear of a model by their names, in the order of definition.

    Parameters
    ----------
    model : nn.Module
        Any network.

    Returns
    -------
    dict of str to PGConv2d or PGLinear
        The products of a PGLSTM are among them.
    """
    return {name: module for name, module in model.named_modules() if isinstance(module, PGLayer)}


def threshold_loss(model: nn.Module, target: float) -> Tensor:
    """Return the sum over gated layers and channels of ``(Δ - target)²``.

    Added to the task loss with a small weight sigma it pulls thresholds to `target`, against the
    task, which pulls down those of the channels that need their LSB pass (PG, section 3).

    Parameters
    ----------
    model : nn.Module
        A network with gated layers.
    target : float
        In the units of the layers' outputs.

    Returns
    -------
    Tensor
        0-d.

    Raises
    ------
    InputError
        Where no layer of the model is gated.
    """
    thresholds = [
        layer.gate.threshold
        for layer in pg_layers(model).values()
        if layer.gate.threshold is not None
    ]
    if not thresholds:
        raise InputError("threshold_loss: no layer of the model is gated (msb_bits is None).")
    return torch.stack([(threshold - target).square().sum() for threshold in thresholds]).sum()
