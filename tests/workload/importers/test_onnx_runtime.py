"""What ONNX Runtime quantizes: the layers are those of the same network without it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx")

import numpy as np
from imports import imported, refusal
from onnx import NodeProto
from onnx_cases import model, node, scalar

OWN = {"domain": "com.microsoft"}
Q = "s z"  # a scale and a zero point
WEIGHTS = {
    "s": scalar(0.1),
    "z": np.array(0, np.uint8),
    "wz": np.array(0, np.int8),
    "w1": np.zeros((8, 3, 3, 3), np.int8),
    "w2": np.zeros((8, 8, 3, 3), np.int8),
    "w3": np.zeros((10, 16), np.int8),
}


def conv(data: str, weights: str, output: str) -> NodeProto:
    inputs = f"{data} {Q} {weights} s wz {Q}"
    return node("QLinearConv", inputs, output, pads=[1, 1, 1, 1])


def nodes(**pooling: int) -> list[NodeProto]:
    """Return a block with a shortcut, doubled, pooled, and its head."""
    return [
        node("QuantizeLinear", f"x {Q}", "xq"),
        conv("xq", "w1", "first"),
        conv("first", "w2", "second"),
        node("QLinearLeakyRelu", f"second {Q} {Q}", "relu", **OWN),
        node("QLinearAdd", f"relu {Q} first {Q} {Q}", "sum", **OWN),
        node("QLinearConcat", f"{Q} sum {Q} sum {Q}", "twice", axis=1, **OWN),
        node("QLinearGlobalAveragePool", f"twice {Q} {Q}", "mean", **OWN, **pooling),
        node("Flatten", "mean", "flat"),
        node("QGemm", f"flat {Q} w3 s wz bias {Q}", "head", transB=1, **OWN),
        node("DequantizeLinear", f"head {Q}", "y"),
    ]


def test_a_quantized_residual_network(tmp_path: Path) -> None:
    weights = {**WEIGHTS, "bias": np.zeros(10, np.int32)}
    layers = imported(tmp_path, model(nodes(), {"x": [1, 3, 12, 12]}, weights))
    assert [layer.name for layer in layers] == ["first", "second", "head"]
    assert [layer.macs for layer in layers] == [144 * 8 * 27, 144 * 8 * 72, 160]
    assert [layer.inputs for layer in layers] == [("network",), ("first",), ("second",)]
    for layer in layers:
        assert (layer.activation_bits, layer.weight_bits, layer.signed) == (8, 8, False)


def test_channels_that_come_last_are_refused(tmp_path: Path) -> None:
    weights = {**WEIGHTS, "bias": np.zeros(10, np.int32)}
    data = model(nodes(channels_last=1), {"x": [1, 3, 12, 12]}, weights)
    found = refusal(tmp_path, data)
    assert "QLinearGlobalAveragePool 'mean': of the domain 'com.microsoft'" in found


def dynamic(data: str, weights: str, output: str) -> list[NodeProto]:
    """Return a convolution whose input is quantized as its values are, as quantize_dynamic does."""
    return [
        node("DynamicQuantizeLinear", data, f"{output}_q {output}_s {output}_z"),
        node(
            "ConvInteger",
            f"{output}_q {weights} {output}_z wz",
            f"{output}_i",
            pads=[1, 1, 1, 1],
            name=output,
        ),
        node("Cast", f"{output}_i", f"{output}_f", to=1),
        node("Mul", f"{output}_s s", f"{output}_scale"),
        node("Mul", f"{output}_f {output}_scale", output, name=f"{output}_mul"),
    ]


def test_scales_that_are_computed_are_read_by_no_layer(tmp_path: Path) -> None:
    chain = [*dynamic("x", "w1", "first"), *dynamic("first", "w2", "second")]
    layers = imported(tmp_path, model(chain, {"x": [1, 3, 12, 12]}, WEIGHTS))
    assert [layer.inputs for layer in layers] == [("network",), ("first",)]
    assert [(layer.activation_bits, layer.signed) for layer in layers] == [(8, False)] * 2


@pytest.mark.parametrize(("attributes", "bits"), [({"bits": 2}, 2), ({}, 4)])
def test_packed_weights_have_bits_of_their_own(
    tmp_path: Path, attributes: dict[str, int], bits: int
) -> None:
    product = node("MatMulNBits", "x packed s", "y", K=48, N=30, block_size=16, **attributes, **OWN)
    weights = {"s": scalar(0.1), "packed": np.zeros((30, 3, 8), np.uint8)}
    (layer,) = imported(tmp_path, model([product], {"x": [1, 5, 48]}, weights))
    assert (layer.in_channels, layer.out_channels, layer.positions) == (48, 30, 5)
    assert (layer.activation_bits, layer.weight_bits) == (8, bits)


def test_packed_weights_without_their_sizes_are_refused(tmp_path: Path) -> None:
    product = node("MatMulNBits", "x packed s", "y", N=30, **OWN)
    weights = {"s": scalar(0.1), "packed": np.zeros((30, 3, 8), np.uint8)}
    found = refusal(tmp_path, model([product], {"x": [1, 5, 48]}, weights))
    assert "MatMulNBits 'y': of the domain 'com.microsoft', which is not known here" in found
