"""One set of weights at several activation widths: the narrow ones read the MSBs of the widest.

Batch norm is the only thing that each width has for itself, because a sum of truncated activations
has another mean and another spread. The idea is that of slimmable networks (Yu et al., arXiv
1812.08928) for widths in bits (Guerra et al., arXiv 2002.02815).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from resnet_network import Block, ResNet20
from torch import Tensor, nn

from pgsim.gating import ClippedQuantizer, PGConv2d, split_planes

WIDTHS = (8, 4, 2)  # activation bits of the block convolutions


class SwitchableQuantizer(ClippedQuantizer):
    """Integers of the widest activations, of which only the `kept_bits` most significant count."""

    kept_bits = WIDTHS[0]

    def forward(self, x: Tensor) -> Tensor:
        """Return whole numbers whose bits below those kept are zero, in x's shape and dtype."""
        dropped = self.bits - self.kept_bits
        msb, _ = split_planes(super().forward(x), dropped)
        return msb * 2**dropped


class SwitchableNorm(nn.Module):
    """A batch norm for each width."""

    kept_bits = WIDTHS[0]

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.norms = nn.ModuleDict(
            {str(bits): nn.BatchNorm2d(norm.num_features) for bits in WIDTHS}
        )
        for each in self.norms.values():
            each.load_state_dict(norm.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        """Return x, normalized as sums at this width are."""
        normalized: Tensor = self.norms[str(self.kept_bits)](x)
        return normalized


def switchable(model: ResNet20) -> ResNet20:
    """Make an 8-bit network switchable, in place: its block convolutions and their batch norms."""
    for block in model.modules():
        if isinstance(block, Block):
            for conv in (block.conv1, block.conv2):
                assert isinstance(conv, PGConv2d)
                before = conv.gate.quantize
                conv.gate.quantize = SwitchableQuantizer(before.bits, clip=before.clip.item())
            block.bn1, block.bn2 = SwitchableNorm(block.bn1), SwitchableNorm(block.bn2)
    return model


@contextmanager
def at_bits(model: nn.Module, bits: int) -> Iterator[None]:
    """Run a switchable network at this width, one of WIDTHS, within the block."""
    modules = [
        module
        for module in model.modules()
        if isinstance(module, SwitchableQuantizer | SwitchableNorm)
    ]
    for module in modules:
        module.kept_bits = bits
    try:
        yield
    finally:
        for module in modules:
            module.kept_bits = WIDTHS[0]
