"""ONNX Runtime's own operators on integers, as operators of ONNX of the same shapes.

Its quantizers write them beside QLinearConv and QLinearMatMul where a model is to have no
QuantizeLinear inside: additions of shortcuts, poolings, and Gemm. MatMulNBits is a product with
weights of few bits. What they read is that of `ContribOperators.md` of ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pgsim.workload.importers.onnx_graph.quantizers import Precision

_DOMAIN = "com.microsoft"
_CHANNELS_LAST = "channels_last"
_PACKED, _PACKED_BITS = "MatMulNBits", 4  # by default
_FLOAT = 1  # TensorProto's number of it


class _Form(NamedTuple):
    """An operator of ONNX, and which inputs it takes of the one that it stands for.

    Each tensor stands there before its scale and its zero point.
    """

    op: str
    inputs: slice


# What ONNX does not list, although files have it in its domain: ONNX Runtime has it there, or had.
UNLISTED = frozenset(
    {
        "Affine",
        "Crop",
        "DynamicSlice",
        "GivenTensorFill",
        "ImageScaler",
        "ParametricSoftplus",
        "Scale",
        "ScaledTanh",
        "SimplifiedLayerNormalization",
    }
)

_ONE, _TWO = slice(1), slice(0, 4, 3)
_FORMS: Mapping[str, _Form] = {
    "QGemm": _Form("Gemm", _TWO),
    "QLinearAdd": _Form("Add", _TWO),
    "QLinearAveragePool": _Form("AveragePool", _ONE),
    "QLinearConcat": _Form("Concat", slice(2, None, 3)),
    "QLinearGlobalAveragePool": _Form("GlobalAveragePool", _ONE),
    "QLinearLeakyRelu": _Form("LeakyRelu", _ONE),
    "QLinearMul": _Form("Mul", _TWO),
    "QLinearSigmoid": _Form("Sigmoid", _ONE),
    "QLinearSoftmax": _Form("Softmax", _ONE),
}


def take_runtime_operators(graph: Any) -> dict[str, Precision]:
    """Have operators of ONNX stand in a graph for those of ONNX Runtime that are known.

    One whose channels come last is left as it is, since its shapes are not those of ONNX. Returns
    the precisions of weights that are packed, by the names that they get.
    """
    packed: dict[str, Precision] = {}
    for node in graph.node:
        if node.domain != _DOMAIN or not node.input or not node.output:
            continue
        given = {each.name: each.i for each in node.attribute}
        if node.op_type == _PACKED and given.get("K", 0) > 0 and given.get("N", 0) > 0:
            name = f"weights of {node.output[0]}"
            packed[name] = Precision(given.get("bits", _PACKED_BITS), True)
            weights = graph.initializer.add(name=name, data_type=_FLOAT)
            weights.dims.extend((given["K"], given["N"]))
            _replace(node, "MatMul", [node.input[0], name])
        elif (form := _FORMS.get(node.op_type)) and not given.get(_CHANNELS_LAST):
            _replace(node, form.op, node.input[form.inputs])
    return packed


def _replace(node: Any, op: str, inputs: Sequence[str]) -> None:
    """Have an operator be one of ONNX that reads these tensors."""
    node.op_type, node.domain = op, ""
    del node.input[:]
    node.input.extend(inputs)
