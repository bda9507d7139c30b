"""The convolution in one dimension, as PyTorch's nn.Conv1d has it."""

from __future__ import annotations

from pgsim.workload.ops.convolution import Convolution
from pgsim.workload.ops.op import Shape, Sizes


class Conv1d(Convolution):
    """A convolution of one column, so that each of its fields is one number in a list."""

    name = "conv1d"
    description = "a convolution over positions in a row, such as samples of a signal"
    axes = ("length",)
    ends = ("before", "after")

    def mask_axes(self, shape: Shape) -> set[Sizes]:
        """Return what convolutions take, and a row, which is as good as a column."""
        height, width = shape.mask_size
        return super().mask_axes(shape) | {(1, height * width)}
