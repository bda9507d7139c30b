"""The convolution in two dimensions, as PyTorch's nn.Conv2d has it."""

from __future__ import annotations

from pgsim.workload.ops.convolution import Convolution


class Conv2d(Convolution):
    """A convolution of pixels."""

    name = "conv2d"
    description = "a convolution over the pixels of an image, in groups of channels"
