"""The network of the digits recipe: five 3x3 convolutions and a linear layer, at any widths."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from pgsim.gating import PGConv2d, PGLinear

GATED_STAGES = ((32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1))  # in, out channels, stride


@dataclass(frozen=True)
class Widths:
    """Bits of the four inner and of the two edge layers; without `msb_bits` nothing is gated."""

    activation_bits: int
    msb_bits: int | None = None
    edge_activation_bits: int = 8
    weight_bits: int = 8


PG, UNIFORM_8, UNIFORM_4 = Widths(4, 2), Widths(8), Widths(4, edge_activation_bits=4)


def network(widths: Widths | None = None) -> nn.Sequential:
    """Return the network, untrained: conv1, the inner conv2 to conv5, fc; None: full precision."""

    def conv(channels_in: int, channels_out: int, stride: int, edge: bool = False) -> nn.Conv2d:
        if widths is None:
            return nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        return PGConv2d(
            channels_in,
            channels_out,
            3,
            stride,
            padding=1,
            activation_bits=widths.edge_activation_bits if edge else widths.activation_bits,
            msb_bits=None if edge else widths.msb_bits,
            weight_bits=widths.weight_bits,
            clip=1.0 if edge else 4.0,  # images end at 1; batch norm's outputs rarely pass 4
        )

    def classifier() -> nn.Linear:
        if widths is None:
            return nn.Linear(64, 10)
        return PGLinear(
            64,
            10,
            activation_bits=widths.edge_activation_bits,
            weight_bits=widths.weight_bits,
            clip=4.0,
        )

    layers: OrderedDict[str, nn.Module] = OrderedDict()
    convs = [conv(1, 32, 1, edge=True), *(conv(*stage) for stage in GATED_STAGES)]
    for number, layer in enumerate(convs, start=1):
        layers[f"conv{number}"] = layer
        layers[f"norm{number}"] = nn.BatchNorm2d(layer.out_channels)
        layers[f"relu{number}"] = nn.ReLU()
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = classifier()
    return nn.Sequential(layers)
