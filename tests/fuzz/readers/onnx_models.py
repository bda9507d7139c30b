"""ONNX models: convolutions, products and recurrent layers, with quantizers and without."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from fuzz.mutators.onnx_edits import onnx_edit
from fuzz.reader import Reader
from fuzz.readers.imported import check_layers
from pgsim import import_layers


class OnnxReader(Reader):
    """`import_layers` of a model."""

    name = "onnx"
    suffix = ".onnx"
    mutators = (onnx_edit,)
    plain_inputs = 60
    needs = ("onnx",)

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """A network with a shortcut, one with quantizers of QONNX, and a recurrent one."""
        from onnx_cases import QONNX, RESIDUAL, model, node, residual, scalar

        scales = {"scale": scalar(0.1), "zero": scalar(0), "four": scalar(4)}
        quantized = [
            node("Quant", "x scale zero four", "xq", domain=QONNX, signed=0),
            node("IntQuant", "w scale zero four", "wq", domain=QONNX),
            node("Conv", "xq wq", "y", auto_pad="SAME_UPPER", strides=[2, 2]),
            node("MaxPool", "y", "z", kernel_shape=[2, 2]),
        ]
        recurrent = [
            node("LSTM", "x w r", "y", hidden_size=7),
            node("Squeeze", "y", "s"),
            node("MatMul", "s m", "z"),
        ]
        cells = {"w": (1, 28, 6), "r": (1, 28, 7), "m": (7, 3)}
        return (
            model(residual(), {"x": ["batch", 3, 16, 16]}, RESIDUAL),
            model(quantized, {"x": [1, 4, 9, 9]}, scales | {"w": (8, 4, 3, 3)}),
            model(recurrent, {"x": [5, 1, 6]}, cells),
        )

    def use(self, path: Path) -> None:
        """Read the layers of a model, whatever its content looks like."""
        check_layers(import_layers(path, format="onnx"))


ONNX = OnnxReader()
