"""ONNX Runtime's own operators on integers, as operators of ONNX of the same shapes.

Its quantizer writes them beside QLinearConv and QLinearMatMul where a model is to have no
QuantizeLinear inside: additions of shortcuts, poolings, and Gemm. What they read is that of
`ContribOperators.md` of ONNX Runtime: each tensor before its scale and its zero point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_DOMAIN = "com.microsoft"
_CHANNELS_LAST = "channels_last"


class _Form(NamedTuple):
    """An operator of ONNX, and which inputs it takes of the one that it stands for."""

    op: str
    inputs: slice


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


def take_runtime_operators(graph: Any) -> None:
    """Have operators of ONNX stand in a graph for those of ONNX Runtime that are known.

    One whose channels come last is left as it is, since its shapes are not those of ONNX.
    """
    for node in graph.node:
        form = _FORMS.get(node.op_type)
        last = any(each.name == _CHANNELS_LAST and each.i for each in node.attribute)
        if form is None or node.domain != _DOMAIN or last:
            continue
        inputs = node.input[form.inputs]
        node.op_type, node.domain = form.op, ""
        del node.input[:]
        node.input.extend(inputs)
