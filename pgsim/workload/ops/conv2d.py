"""The convolution in two dimensions, as PyTorch's nn.Conv2d has it."""

from __future__ import annotations

from pgsim.workload.ops.op import Op, Shape, Size


class Conv2d(Op):
    """A convolution of pixels, with stride, padding, dilation and groups."""

    name = "conv2d"
    description = "a convolution over the pixels of an image, in groups of channels"
    needed_fields = ("in_size", "kernel")
    other_fields = ("stride", "padding", "dilation")

    def check(self, shape: Shape) -> None:
        """Raise ValueError where the kernel is larger than the padded input."""
        if min(self.out_size(shape)) < 1:
            raise ValueError(
                f"kernel {list(shape.kernel)} with dilation {list(shape.dilation)} does not fit "
                f"into in_size {list(self.in_size(shape))} with padding {list(shape.padding)}"
            )

    def in_size(self, shape: Shape) -> Size:
        """Return the input's pixels, as the manifest has them."""
        assert shape.in_size is not None  # a needed field
        return shape.in_size

    def out_size(self, shape: Shape) -> Size:
        """Return the output's pixels; rows and columns that the stride leaves over are dropped."""
        height, width = (
            (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
            for size, (before, after), dilation, kernel, stride in zip(
                self.in_size(shape),
                shape.margins,
                shape.dilation,
                shape.kernel,
                shape.stride,
                strict=True,
            )
        )
        return height, width

    def words(self, shape: Shape) -> str:
        """Return the kernel, and what is unusual about it."""
        height, width = shape.kernel
        words = f"conv {height}x{width}"
        if shape.stride != (1, 1):
            words += f" stride {_pair(shape.stride)}"
        if shape.dilation != (1, 1):
            words += f" dilation {_pair(shape.dilation)}"
        if shape.groups > 1:
            words += f", {shape.groups} groups"
        return words

    def extent(self, shape: Shape) -> str:
        """Return the pixels of input and output."""
        (in_h, in_w), (out_h, out_w) = self.in_size(shape), self.out_size(shape)
        return f"{in_h}x{in_w} to {out_h}x{out_w}"


def _pair(sides: Size) -> str:
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"
