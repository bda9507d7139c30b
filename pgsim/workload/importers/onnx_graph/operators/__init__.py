"""The operators of ONNX that are layers, one file a kind, by the names of their node types."""

from __future__ import annotations

from pgsim.workload.importers.onnx_graph.operators.convolution import Convolution
from pgsim.workload.importers.onnx_graph.operators.gemm import Gemm
from pgsim.workload.importers.onnx_graph.operators.matmul import MatMul
from pgsim.workload.importers.onnx_graph.operators.operator import Operator, Tensors, Unfit
from pgsim.workload.importers.onnx_graph.operators.recurrence import Recurrence
from pgsim.workload.importers.onnx_graph.operators.transposed_convolution import (
    TransposedConvolution,
)

__all__ = ["MULTIPLIES", "OPERATORS", "Operator", "Tensors", "Unfit"]

OPERATORS: dict[str, Operator] = {
    "Conv": Convolution(0, 1),
    "ConvInteger": Convolution(0, 1),
    "QLinearConv": Convolution(0, 3),
    "ConvTranspose": TransposedConvolution(0, 1),
    "Gemm": Gemm(0, 1),
    "MatMul": MatMul(0, 1),
    "MatMulInteger": MatMul(0, 1),
    "QLinearMatMul": MatMul(0, 3),
    "LSTM": Recurrence(0, 1, gates=4),
    "GRU": Recurrence(0, 1, gates=3),
    "RNN": Recurrence(0, 1, gates=1),
}

# Operators whose work is products too, but which are no layer that pgsim has.
MULTIPLIES = frozenset(
    {
        "Attention",
        "CausalConvWithState",
        "DFT",
        "DeformConv",
        "Einsum",
        "LinearAttention",
        "STFT",
    }
)
