"""MatMul and its quantized forms: a product with one matrix of weights, or of two activations."""

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
    """A linear layer; its weights may stand on either side, and then its positions are columns.

    Of two activations, as in attention, it is a `matmul`. Matrices side by side are groups, where
    each has weights of its own, or another second operand.
    """

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the linear layer, or the product."""
        data, weights = self.data, self.weights
        mirrored = node.input(data) in tensors.constants
        if mirrored:
            data, weights = weights, data
        sizes, matrix = tensors.sizes(node.input(data)), tensors.sizes(node.input(weights))
        if node.input(weights) in tensors.constants:
            fields = _by_weights(sizes, matrix, mirrored, tensors)
        else:
            fields = _by_activations(sizes, matrix, tensors)
        return [{"name": node.name, **fields, **tensors.widths(node, data, weights)}]


def _by_weights(
    sizes: tuple[int, ...], matrix: tuple[int, ...], mirrored: bool, tensors: Tensors
) -> Fields:
    """Return a product with one matrix of weights, or with one for each group of its inputs."""
    if len(matrix) < 2:
        raise Unfit(f"weights {list(matrix)}, expected one matrix, or several side by side")
    *side_by_side, rows, columns = matrix
    while side_by_side[:1] == [1]:
        del side_by_side[0]
    groups = prod(side_by_side)
    if side_by_side and tuple(side_by_side) != sizes[-2 - len(side_by_side) : -2]:
        raise Unfit(f"weights {list(matrix)}, which are no groups of {list(sizes)}")
    inputs, outputs = (columns, rows) if mirrored else (rows, columns)
    features = sizes[-2] if mirrored and len(sizes) > 1 else sizes[-1] if sizes else 0
    if features != inputs:
        raise Unfit(f"{list(sizes)} by {list(matrix)}, which no matrix product takes")
    return {
        "op": "linear",
        "in_channels": groups * inputs,
        "out_channels": groups * outputs,
        "positions": tensors.of_one_image(prod(sizes) // (groups * features)),
        "groups": groups,
    }


def _by_activations(first: tuple[int, ...], second: tuple[int, ...], tensors: Tensors) -> Fields:
    """Return a product of activations, matrix by matrix."""
    if len(first) < 2 or first[:-2] != second[:-2] or first[-1] != second[-2]:
        raise Unfit(f"{list(first)} by {list(second)}, which are not matrices in pairs")
    groups = tensors.of_one_image(prod(first[:-2]))
    return {
        "op": "matmul",
        "in_channels": groups * first[-1],
        "out_channels": groups * second[-1],
        "positions": first[-2],
        "groups": groups,
    }
