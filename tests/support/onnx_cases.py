"""Small ONNX models, built operator by operator; importing this needs onnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"
Sizes = Sequence[int | str]


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """Return an operator that is called as its first output; names are between blanks."""
    name = attributes.pop("name", outputs.split()[0])
    return helper.make_node(op, inputs.split(), outputs.split(), name=name, **attributes)


def tensor(name: str, sizes: Sizes, kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    """Return what a graph says of one of its inputs."""
    return helper.make_tensor_value_info(name, kind, sizes)


def model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Sizes] | Sequence[ValueInfoProto],
    weights: Mapping[str, Any],
    **options: Any,
) -> bytes:
    """Return a model whose output is that of its last operator.

    weights: sizes of constants, or arrays.
    """
    given = (
        [tensor(name, sizes) for name, sizes in inputs.items()]
        if isinstance(inputs, Mapping)
        else list(inputs)
    )
    constants = [
        numpy_helper.from_array(
            each if isinstance(each, np.ndarray) else np.zeros(each, np.float32), name
        )
        for name, each in weights.items()
    ]
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(list(nodes), "graph", given, [output], constants)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(QONNX, 1)]
    made = helper.make_model(graph, opset_imports=opsets, **options)
    return bytes(made.SerializeToString())


def scalar(value: float) -> np.ndarray[Any, Any]:
    """Return a constant of one number."""
    return np.array(value, np.float32)


def residual() -> list[NodeProto]:
    """Return a block with a shortcut that is a convolution, between two others, and its head."""
    return [
        node("Conv", "x w0", "stem", pads=[1, 1, 1, 1]),
        node("Relu", "stem", "a"),
        node("Conv", "a w1", "first", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("BatchNormalization", "first s s s s", "b"),
        node("Conv", "b w2", "second", pads=[1, 1, 1, 1]),
        node("Conv", "a w3", "shortcut", strides=[2, 2]),
        node("Add", "second shortcut", "sum"),
        node("Concat", "sum sum", "twice", axis=1),
        node("Conv", "twice w4", "last", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", "last", "mean"),
        node("Flatten", "mean", "flat"),
        node("Gemm", "flat w5", "head", transB=1),
    ]


RESIDUAL = {
    "w0": (8, 3, 3, 3),
    "w1": (16, 8, 3, 3),
    "w2": (16, 16, 3, 3),
    "w3": (16, 8, 1, 1),
    "w4": (16, 32, 3, 3),
    "w5": (10, 16),
    "s": (16,),
}
