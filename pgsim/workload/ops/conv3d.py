"""The convolution in three dimensions, as PyTorch's nn.Conv3d has it."""

from __future__ import annotations

from pgsim.workload.ops.convolution import Convolution


class Conv3d(Convolution):
    """A convolution of frames of pixels: its rows are those of all frames, in their order."""

    name = "conv3d"
    description = "a convolution over frames of pixels, such as a video or a scanned volume"
    axes = ("depth", "height", "width")
    ends = ("front", "back", "top", "bottom", "left", "right")
