"""Sizes that are computed in the graph itself, as exporters write reshapes of activations.

onnx infers the shapes of one operator. This goes through all of them in order, computes what
depends on constants and shapes alone, and has onnx infer the rest. Its own way through a graph
makes room for every value that a file says a shape has, however many.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Values = dict[str, npt.NDArray[Any]]

MOST_VALUES = 1024  # of a constant that shapes may depend on
_MOST_AXES = 64  # of a tensor
# What computes sizes: of small operands it gives something small, and the same each time.
_MOVES = {"Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
_ARITHMETIC = {
    "Abs",
    "Add",
    "Cast",
    "Ceil",
    "Div",
    "Floor",
    "Max",
    "Min",
    "Mod",
    "Mul",
    "Neg",
    "Sub",
}
_LOGIC = {"And", "Equal", "Greater", "Less", "Not", "Or", "Where"}
_REDUCES = {"ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum"}
_SIZED = {"ConstantOfShape": 0, "Expand": 1}  # the place of the input that holds their sizes
_COMPUTED = _MOVES | _ARITHMETIC | _LOGIC | _REDUCES | set(_SIZED)


def complete_sizes(onnx: Any, model: Any, values: Values) -> Values:
    """Give a model's tensors the sizes that they lack, as far as they can be computed.

    values: of small constants, by name; they are returned with all those that follow from them.
    """
    graph, values = model.graph, dict(values)
    types = {each.name: each.type for each in (*graph.input, *graph.value_info, *graph.output)}
    types |= {
        tensor.name: onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
        for tensor in graph.initializer
    }
    if all(is_known(types.get(name)) for node in graph.node for name in node.output if name):
        return values
    versions = {each.domain: each.version for each in model.opset_import}
    for node in graph.node:
        values |= _computed(onnx, node, types, values, versions)
        if not all(is_known(types.get(name)) for name in node.output if name):
            types |= _inferred(onnx, model, node, types, values)
    del graph.value_info[:]
    graph.value_info.extend(
        onnx.helper.make_value_info(name, types[name])
        for node in graph.node
        for name in node.output
        if name in types
    )
    return values


def is_known(kind: Any) -> bool:
    """Say whether a tensor's type has all of its sizes."""
    if kind is None or not kind.tensor_type.HasField("shape"):
        return False
    return all(size.HasField("dim_value") for size in kind.tensor_type.shape.dim)


def _computed(
    onnx: Any, node: Any, types: dict[str, Any], values: Values, versions: dict[str, int]
) -> Values:
    """Return what an operator gives, where it follows from values that are known and is small."""
    read = [name for name in node.input if name]
    if node.domain or not read or len(node.output) != 1 or node.output[0] in values:
        return {}
    if node.op_type in ("Shape", "Size") and is_known(types.get(read[0])):
        sizes = [size.dim_value for size in types[read[0]].tensor_type.shape.dim]
        given = {each.name: each.i for each in node.attribute}
        part = sizes[given.get("start", 0) : given.get("end", len(sizes))]
        return {node.output[0]: np.array(part if node.op_type == "Shape" else prod(sizes))}
    if node.op_type not in _COMPUTED or not all(name in values for name in read):
        return {}
    place = _SIZED.get(node.op_type)
    if place is not None and (place >= len(read) or _is_large(values[read[place]])):
        return {}
    try:
        with np.errstate(all="ignore"):
            computed = onnx.reference.ReferenceEvaluator(node, opsets=versions or None).run(
                None, {name: values[name] for name in read}
            )[0]
    except Exception:  # of an operator that its operands do not go with
        return {}
    small = isinstance(computed, np.ndarray | np.generic) and computed.size <= MOST_VALUES
    return {node.output[0]: np.asarray(computed)} if small else {}


def _is_short(kind: Any) -> bool:
    """Say whether a tensor's type is that of a few values in a row."""
    return (
        is_known(kind) and prod(each.dim_value for each in kind.tensor_type.shape.dim) <= _MOST_AXES
    )


def _is_large(sizes: npt.NDArray[Any]) -> bool:
    return prod(abs(int(size)) for size in sizes.reshape(-1).tolist()) > MOST_VALUES


def _inferred(
    onnx: Any, model: Any, node: Any, types: dict[str, Any], values: Values
) -> dict[str, Any]:
    """Return the types of what an operator gives, as onnx infers them from what is known.

    What it would give more axes than a tensor has is left open: onnx makes room for each of them.
    """
    read = {name for name in node.input if name}
    if node.op_type == "Expand" and not _is_short(types.get(node.input[-1])):
        return {}
    try:
        given = [
            onnx.helper.make_value_info(name, types[name])
            for name in sorted(read & types.keys() - values.keys())
        ]
        known = [
            onnx.numpy_helper.from_array(values[name], name)
            for name in sorted(read & values.keys())
        ]
        graph = onnx.helper.make_graph([node], "one", given, [], known)
        one = onnx.helper.make_model(
            graph, opset_imports=list(model.opset_import), ir_version=model.ir_version
        )
        found = onnx.shape_inference.infer_shapes(one)
    except Exception:  # of an operator that cannot be
        return {}
    made = {each.name: each.type for each in found.graph.value_info}
    return {
        name: made[name]
        for name in node.output
        if name in made and made[name].tensor_type.HasField("shape")
    }
