"""Gemm: a matrix product, of which either operand may stand transposed."""

from __future__ import annotations

from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
)


class Gemm(Operator):
    """A linear layer of as many positions as its data has rows."""

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the linear layer."""
        self.require_constant(node, tensors)
        data, weights = (
            tensors.sizes(node.input(each))[:: -1 if node.attributes.get(transposed) else 1]
            for each, transposed in ((self.data, "transA"), (self.weights, "transB"))
        )
        if len(data) != 2 or len(weights) != 2 or data[1] != weights[0]:
            raise Unfit(f"{list(data)} by {list(weights)}, which no matrix product takes")
        return [
            {
                "name": node.name,
                "op": "linear",
                "in_channels": weights[0],
                "out_channels": weights[1],
                "positions": tensors.of_one_image(data[0]),
                **tensors.widths(node, self.data, self.weights),
            }
        ]
