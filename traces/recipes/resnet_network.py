"""ResNet-20 for CIFAR-10 (He et al., arXiv 1512.03385), with shortcuts that have no weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from pgsim.gating import PGConv2d, PGLinear

STAGES = ((16, 16, 1), (16, 32, 2), (32, 64, 2))  # in and out channels, first stride
BLOCKS = 3  # of two convolutions each, per stage


@dataclass(frozen=True)
class Widths:
    """Bits of the block convolutions and of the first and last layer; which ones are gated."""

    activation_bits: int
    msb_bits: int | None = None
    gated: Literal["all", "first"] = "all"  # every block convolution, or the first of each block
    weight_bits: int = 8
    edge_bits: int = 8  # of activations and weights


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut, which skips pixels and pads channels with zeros."""

    def __init__(self, conv1: nn.Conv2d, conv2: nn.Conv2d) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv1, nn.BatchNorm2d(conv1.out_channels)
        self.conv2, self.bn2 = conv2, nn.BatchNorm2d(conv2.out_channels)
        self.stride = conv1.stride[0]
        self.new_channels = conv1.out_channels - conv1.in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's activations."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.new_channels:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))
        return F.relu(x + y)


class ResNet20(nn.Module):
    """A 3x3 convolution, nine blocks, average pooling and a linear layer; 270 thousand parameters.

    Without `widths` all of it is in full precision. Inputs are (images, 3, 32, 32) in [0, 1].
    """

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        self.conv1 = _edge_conv(widths)
        self.bn1 = nn.BatchNorm2d(16)
        for number, (before, after, stride) in enumerate(STAGES, start=1):
            channels = [before] + [after] * BLOCKS
            blocks = [
                Block(
                    _conv(channels[place], after, stride if place == 0 else 1, widths, first=True),
                    _conv(after, after, 1, widths, first=False),
                )
                for place in range(BLOCKS)
            ]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.fc = _classifier(widths)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (images, 10) logits."""
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: Tensor = self.fc(x.mean((2, 3)))
        return logits


def _conv(before: int, after: int, stride: int, widths: Widths | None, first: bool) -> nn.Conv2d:
    if widths is None:
        return nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
    gated = widths.gated == "all" or first
    return PGConv2d(
        before,
        after,
        3,
        stride,
        padding=1,
        activation_bits=widths.activation_bits,
        msb_bits=widths.msb_bits if gated else None,
        weight_bits=widths.weight_bits,
        clip=4.0,
    )


def _edge_conv(widths: Widths | None) -> nn.Conv2d:
    if widths is None:
        return nn.Conv2d(3, 16, 3, padding=1, bias=False)
    return PGConv2d(
        3,
        16,
        3,
        padding=1,
        activation_bits=widths.edge_bits,
        weight_bits=widths.edge_bits,
        clip=1.0,  # images end at 1
    )


def _classifier(widths: Widths | None) -> nn.Linear:
    if widths is None:
        return nn.Linear(64, 10)
    return PGLinear(
        64,
        10,
        activation_bits=widths.edge_bits,
        weight_bits=widths.edge_bits,
        clip=4.0,
    )
