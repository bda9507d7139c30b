"""Conv and its quantized forms: a convolution."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.workload.importers.onnx_graph.graph import Graph, Node
from pgsim.workload.importers.onnx_graph.operators.auto_pads import auto_pad
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
    numbers,
)


class Convolution(Operator):
    """Of one dimension, two or three."""

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the convolution, with the padding that its attributes stand for."""
        self.require_constant(node, tensors)
        (channels, *in_size), (filters, depth, *kernel) = shapes(self, node, tensors)
        groups = node.attributes.get("group") or 1
        if channels != depth * groups or filters % groups:
            raise Unfit(
                f"{channels} channels do not go with {filters} filters of {depth}, groups {groups}"
            )
        stride = numbers(node, "strides", len(kernel))
        dilation = numbers(node, "dilations", len(kernel))
        begin, end = _margins(node, in_size, kernel, stride, dilation)
        return [
            {
                "name": node.name,
                "op": f"conv{len(kernel)}d",
                "in_channels": channels,
                "out_channels": filters,
                "in_size": in_size,
                "kernel": kernel,
                "stride": stride,
                "padding": by_axis(begin, end),
                "dilation": dilation,
                "groups": groups,
                **tensors.widths(node, self.data, self.weights),
            }
        ]

    def images(self, node: Node, graph: Graph) -> int | None:
        """Return the first size of its input."""
        return next(iter(graph.sizes.get(node.input(self.data), ())), None)


def shapes(operator: Operator, node: Node, tensors: Tensors) -> tuple[list[int], list[int]]:
    """Return the sizes of a convolution's input without its images, and of its weights."""
    data = tensors.sizes(node.input(operator.data))
    weights = tensors.sizes(node.input(operator.weights))
    dimensions = len(weights) - 2
    if len(data) != len(weights) or dimensions not in (1, 2, 3):
        raise Unfit(f"a convolution of {len(data) - 2} dimensions")
    return list(data[1:]), list(weights)


def by_axis(begin: Sequence[int], end: Sequence[int]) -> list[int]:
    """Return margins as a manifest has them: the two ends of each axis side by side."""
    return [margin for ends in zip(begin, end, strict=True) for margin in ends]


def _margins(
    node: Node,
    in_size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[list[int], list[int]]:
    """Return the padding before and behind each dimension."""
    padding = auto_pad(node)
    if not padding.by_sizes:
        return padding.given(node, len(kernel))
    needed = [
        max(0, (-(-size // step) - 1) * step + spread * (side - 1) + 1 - size)
        for size, side, step, spread in zip(in_size, kernel, stride, dilation, strict=True)
    ]
    return padding.halves(needed)
