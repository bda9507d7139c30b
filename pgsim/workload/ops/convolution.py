"""What convolutions of one, two and three dimensions have in common."""

from __future__ import annotations

from pgsim.workload.ops.op import Op, Shape, Sides, Sizes
from pgsim.workload.ops.side import Line, Side


class Convolution(Op):
    """A convolution with stride, padding, dilation and groups, over its `axes`.

    Its last two axes are rows and columns, those of one dimension a column. What is before them are
    frames, which lie one below the other. Source: MODEL.md M1, M50.
    """

    needed_fields = ("in_size", "kernel")
    other_fields = ("stride", "padding", "dilation")

    def check(self, shape: Shape) -> None:
        """Raise ValueError where the kernel is larger than the padded input."""
        if min(line.outputs for line in _lines(shape)) < 1:
            raise ValueError(
                f"kernel {list(shape.kernel)} with dilation {list(shape.dilation)} does not fit "
                f"into in_size {list(shape.in_size or ())} with padding {list(shape.padding)}"
            )

    def sides(self, shape: Shape) -> Sides:
        """Return rows and columns; those of an output that the stride leaves over are dropped."""
        lines = _lines(shape)
        *frames, rows, columns = lines if len(lines) > 1 else [*lines, Line()]
        return Side(rows, *frames), Side(columns)

    def mask_axes(self, shape: Shape) -> set[Sizes]:
        """Return what any op takes, and the axes as the op has them."""
        masks = shape.gate_kind.masks
        axes = tuple(masks(line.inputs, line.outputs) for line in _lines(shape))
        return super().mask_axes(shape) | {axes}

    def words(self, shape: Shape) -> str:
        """Return the kernel, and what is unusual about it."""
        words = f"conv {_by(shape.kernel)}"
        if set(shape.stride) != {1}:
            words += f" stride {_one(shape.stride)}"
        if set(shape.dilation) != {1}:
            words += f" dilation {_one(shape.dilation)}"
        if shape.groups > 1:
            words += f", {shape.groups} groups"
        return words

    def extent(self, shape: Shape) -> str:
        """Return the pixels of input and output."""
        outputs = tuple(line.outputs for line in _lines(shape))
        return f"{_by(shape.in_size or ())} to {_by(outputs)}"


def _lines(shape: Shape) -> list[Line]:
    """Return the dimensions, in the order of the axes."""
    assert shape.in_size is not None  # a needed field
    return [
        Line(inputs, taps, stride, before, after, dilation)
        for inputs, taps, stride, (before, after), dilation in zip(
            shape.in_size, shape.kernel, shape.stride, shape.margins, shape.dilation, strict=True
        )
    ]


def _by(sizes: Sizes) -> str:
    return "x".join(map(str, sizes))


def _one(sizes: Sizes) -> str:
    """Return the sizes, once where all are the same."""
    return str(sizes[0]) if len(set(sizes)) == 1 else _by(sizes)
