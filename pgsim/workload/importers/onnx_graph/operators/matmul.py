"""MatMul and its quantized forms: a product with one matrix of weights, or of two activations."""

from __future__ import annotations

from itertools import zip_longest
from math import prod

from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
)

Sizes = tuple[int, ...]


class MatMul(Operator):
    """A linear layer; its weights may stand on either side, and then its positions are columns.

    Of two activations, as in attention, it is a `matmul`. Matrices side by side are groups, where
    each has weights of its own, or another second operand.
    """

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the linear layer, or the product."""
        data, weights = self.data, self.weights
        mirrored = node.input(data) in tensors.constants
        first, second = _as_matrices(*(tensors.sizes(node.input(each)) for each in (data, weights)))
        if mirrored:
            data, weights = weights, data
        if node.input(weights) in tensors.constants:
            sizes, matrix = (second, first) if mirrored else (first, second)
            fields = _by_weights(sizes, matrix, mirrored, tensors)
        else:
            fields = _by_activations(first, second, tensors)
        return [{"name": node.name, **fields, **tensors.widths(node, data, weights)}]


def _as_matrices(first: Sizes, second: Sizes) -> tuple[Sizes, Sizes]:
    """Return the sizes of a product's operands: of a vector on the left a row, else a column."""
    if not first or not second:
        raise Unfit(f"{list(first)} by {list(second)}, expected matrices, not a number")
    return (1, *first)[-max(2, len(first)) :], (*second, 1)[: max(2, len(second))]


def _by_weights(sizes: Sizes, matrix: Sizes, mirrored: bool, tensors: Tensors) -> Fields:
    """Return a product with one matrix of weights, or with several side by side.

    They are groups where each has inputs of its own; of those that share theirs, the outputs are
    side by side.
    """
    *side_by_side, rows, columns = matrix
    inputs, outputs = (columns, rows) if mirrored else (rows, columns)
    if (sizes[-2] if mirrored else sizes[-1]) != inputs:
        raise Unfit(f"{list(sizes)} by {list(matrix)}, which no matrix product takes")
    groups = 1
    for own, read in zip_longest(reversed(side_by_side), reversed(sizes[:-2]), fillvalue=1):
        if own == read:
            groups *= own
        elif read == 1:
            outputs *= own
        elif own != 1:
            raise Unfit(f"weights {list(matrix)}, which are no groups of {list(sizes)}")
    return {
        "op": "linear",
        "in_channels": groups * inputs,
        "out_channels": groups * outputs,
        "positions": tensors.of_one_image(prod(sizes) // (groups * inputs)),
        "groups": groups,
    }


def _by_activations(first: Sizes, second: Sizes, tensors: Tensors) -> Fields:
    """Return a product of activations, matrix by matrix; one of either may go with several."""
    pairs = [
        max(pair)
        for pair in zip_longest(reversed(first[:-2]), reversed(second[:-2]), fillvalue=1)
        if min(pair) in (1, max(pair))
    ]
    if len(pairs) < max(len(first), len(second)) - 2 or first[-1] != second[-2]:
        raise Unfit(f"{list(first)} by {list(second)}, which are not matrices in pairs")
    groups = tensors.of_one_image(prod(pairs))
    return {
        "op": "matmul",
        "in_channels": groups * first[-1],
        "out_channels": groups * second[-1],
        "positions": first[-2],
        "groups": groups,
    }
