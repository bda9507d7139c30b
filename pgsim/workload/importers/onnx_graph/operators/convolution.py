"""Conv and its quantized forms: a convolution."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.workload.importers.onnx_graph.graph import Graph, Node
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
)


class Convolution(Operator):
    """Of two dimensions; one of one dimension is one of a single column."""

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the convolution, with the padding that its attributes stand for."""
        self.require_constant(node, tensors)
        data, weights = (tensors.sizes(node.input(each)) for each in (self.data, self.weights))
        dimensions = len(weights) - 2
        if len(data) != len(weights) or dimensions not in (1, 2):
            raise Unfit(f"a convolution of {len(data) - 2} dimensions")
        _, channels, *in_size = data
        filters, depth, *kernel = weights
        if channels % depth:
            raise Unfit(f"{channels} channels do not go with weights of {depth}")
        stride = _sides(node, "strides", dimensions)
        dilation = _sides(node, "dilations", dimensions)
        begin, end = _margins(node, in_size, kernel, stride, dilation)
        column = [1] * (2 - dimensions)
        return [
            {
                "name": node.name,
                "op": "conv2d",
                "in_channels": channels,
                "out_channels": filters,
                "in_size": [*in_size, *column],
                "kernel": [*kernel, *column],
                "stride": [*stride, *column],
                "padding": [each for sides in zip(begin, end, strict=True) for each in sides]
                + [0, 0] * len(column),
                "dilation": [*dilation, *column],
                "groups": channels // depth,
                **tensors.widths(node, self.data, self.weights),
            }
        ]

    def images(self, node: Node, graph: Graph) -> int | None:
        """Return the first size of its input."""
        return next(iter(graph.sizes.get(node.input(self.data), ())), None)


def _sides(node: Node, name: str, dimensions: int) -> list[int]:
    sides = list(node.attributes.get(name) or [1] * dimensions)
    if len(sides) != dimensions or min(sides) < 1:
        raise Unfit(f"{name} {sides} of {dimensions} dimensions")
    return sides


def _margins(
    node: Node,
    in_size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[list[int], list[int]]:
    """Return the padding before and behind each dimension."""
    dimensions = len(kernel)
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode == "VALID":
        return [0] * dimensions, [0] * dimensions
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        needed = [
            max(0, (-(-size // step) - 1) * step + spread * (side - 1) + 1 - size)
            for size, side, step, spread in zip(in_size, kernel, stride, dilation, strict=True)
        ]
        less, more = [each // 2 for each in needed], [-(-each // 2) for each in needed]
        return (less, more) if mode == "SAME_UPPER" else (more, less)
    pads = list(node.attributes.get("pads") or [0] * 2 * dimensions)
    if mode not in ("NOTSET", "") or len(pads) != 2 * dimensions or min(pads) < 0:
        raise Unfit(f"padding {pads} ({mode}) of {dimensions} dimensions")
    return pads[:dimensions], pads[dimensions:]
