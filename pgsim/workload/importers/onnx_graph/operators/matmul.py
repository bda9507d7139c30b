"""MatMul and its quantized forms: a product with one matrix of weights."""

from __future__ import annotations

from math import prod

from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
)


class MatMul(Operator):
    """A linear layer; its weights may stand on either side, and then its positions are columns."""

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the linear layer."""
        data, weights = self.data, self.weights
        mirrored = node.input(weights) not in tensors.constants
        if mirrored:
            data, weights = weights, data
        if node.input(weights) not in tensors.constants:
            raise Unfit("both operands are activations")
        sizes, matrix = tensors.sizes(node.input(data)), tensors.sizes(node.input(weights))
        if len(matrix) < 2 or prod(matrix[:-2]) != 1:
            raise Unfit(f"weights {list(matrix)}, expected one matrix")
        inputs, outputs = (matrix[-1], matrix[-2]) if mirrored else (matrix[-2], matrix[-1])
        features = sizes[-2] if mirrored and len(sizes) > 1 else sizes[-1] if sizes else 0
        if features != inputs:
            raise Unfit(f"{list(sizes)} by {list(matrix)}, which no matrix product takes")
        return [
            {
                "name": node.name,
                "op": "linear",
                "in_channels": inputs,
                "out_channels": outputs,
                "positions": tensors.of_one_image(prod(sizes) // features),
                **tensors.widths(node, data, weights),
            }
        ]
