"""ConvTranspose: a transposed convolution, which runs as the phases of its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.auto_pads import auto_pad
from pgsim.workload.importers.onnx_graph.operators.convolution import (
    Convolution,
    by_axis,
    shapes,
)
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Tensors,
    Unfit,
    numbers,
)


class TransposedConvolution(Convolution):
    """Of one dimension, two or three; its weights have input channels first."""

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the transposed convolution, with the padding that takes from its outputs."""
        self.require_constant(node, tensors)
        (channels, *in_size), (depth, filters, *kernel) = shapes(self, node, tensors)
        groups = node.attributes.get("group") or 1
        if channels != depth or channels % groups:
            raise Unfit(f"{channels} channels do not go with weights of {depth}, groups {groups}")
        stride = numbers(node, "strides", len(kernel))
        dilation = numbers(node, "dilations", len(kernel))
        more = numbers(node, "output_padding", len(kernel), least=0)
        spans = [
            (size - 1) * step + spread * (side - 1) + 1 + extra
            for size, side, step, spread, extra in zip(
                in_size, kernel, stride, dilation, more, strict=True
            )
        ]
        begin, end = _margins(node, in_size, stride, spans)
        return [
            {
                "name": node.name,
                "op": f"conv_transpose{len(kernel)}d",
                "in_channels": channels,
                "out_channels": filters * groups,
                "in_size": in_size,
                "kernel": kernel,
                "stride": stride,
                "padding": by_axis(begin, end),
                "dilation": dilation,
                "output_padding": more,
                "groups": groups,
                **tensors.widths(node, self.data, self.weights),
            }
        ]


def _margins(
    node: Node, in_size: Sequence[int], stride: Sequence[int], spans: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return what is taken from each dimension's outputs before and behind."""
    padding = auto_pad(node)
    asked = list(node.attributes.get("output_shape") or ())
    if not (padding.by_sizes or asked):
        return padding.given(node, len(spans))
    outputs = asked or [size * step for size, step in zip(in_size, stride, strict=True)]
    if len(outputs) != len(spans) or any(map(int.__lt__, spans, outputs)):
        raise Unfit(f"outputs {outputs}, more than the {spans} that there are")
    taken = [span - output for span, output in zip(spans, outputs, strict=True)]
    return padding.halves(taken)
