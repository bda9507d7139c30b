"""ONNX models: shapes, producers and bits of small graphs, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx")

import numpy as np
import onnx
from imports import imported, refusal
from onnx import TensorProto, helper
from onnx_cases import QONNX, RESIDUAL, model, node, residual, scalar, tensor

from pgsim import import_layers, widened
from pgsim.errors import InputError

SCALES = {"scale": scalar(0.1), "zero": scalar(0), "four": scalar(4), "three": scalar(3)}


def test_a_residual_network(tmp_path: Path) -> None:
    layers = imported(tmp_path, model(residual(), {"x": [1, 3, 16, 16]}, RESIDUAL))
    assert [layer.name for layer in layers] == [
        "stem",
        "first",
        "second",
        "shortcut",
        "last",
        "head",
    ]
    assert [layer.out_size for layer in layers] == [(16, 16), *[(8, 8)] * 4, (1, 1)]
    assert [layer.macs for layer in layers] == [
        256 * 8 * 27,
        64 * 16 * 72,
        64 * 16 * 144,
        64 * 16 * 8,
        64 * 16 * 288,
        160,
    ]
    # The shortcut ran last, so the sum is written as its output; `last` reads it twice as wide.
    assert [layer.inputs for layer in layers] == [
        ("network",),
        ("stem",),
        ("first",),
        ("stem", "second"),
        ("shortcut",),
        ("last",),
    ]


@pytest.mark.parametrize("batch", [1, "batch", 5])
def test_a_layer_is_of_one_image(tmp_path: Path, batch: int | str) -> None:
    one, *others = (
        imported(tmp_path, model(residual(), {"x": [each, 3, 16, 16]}, RESIDUAL))
        for each in (1, batch)
    )
    assert others == [one]


@pytest.mark.parametrize(
    ("attributes", "padding", "out_size"),
    [
        ({}, (0, 0), (12, 13)),
        ({"pads": [1, 0, 1, 0]}, (1, 0), (14, 13)),
        ({"pads": [0, 1, 2, 3]}, (0, 2, 1, 3), (14, 17)),  # begins of both sides, then ends
        ({"auto_pad": "VALID"}, (0, 0), (12, 13)),
        # 7 and 8 outputs at stride 2, whose windows take 15 and 17 pixels.
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (0, 1, 1, 1), (7, 8)),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, (1, 0, 1, 1), (7, 8)),
        ({"pads": [2, 2, 2, 2], "dilations": [2, 2]}, (2, 2), (14, 15)),
    ],
)
def test_padding(
    tmp_path: Path,
    attributes: dict[str, object],
    padding: tuple[int, ...],
    out_size: tuple[int, int],
) -> None:
    conv = node("Conv", "x w", "y", **attributes)
    (layer,) = imported(tmp_path, model([conv], {"x": [1, 4, 14, 15]}, {"w": (8, 4, 3, 3)}))
    assert (layer.padding, layer.out_size) == (padding, out_size)


def test_convolutions_of_one_dimension_and_three(tmp_path: Path) -> None:
    conv = node("Conv", "x w", "y", pads=[2, 0], strides=[2], group=2)
    (layer,) = imported(tmp_path, model([conv], {"x": [1, 6, 20]}, {"w": (8, 3, 5)}))
    assert (layer.op, layer.in_size, layer.kernel, layer.groups) == ("conv1d", (20,), (5,), 2)
    assert layer.macs == 9 * 8 * 15
    conv = node("Conv", "x w", "y", pads=[1, 0, 0, 1, 0, 2])
    (layer,) = imported(tmp_path, model([conv], {"x": [1, 6, 4, 5, 6]}, {"w": (8, 6, 3, 3, 3)}))
    assert (layer.op, layer.padding) == ("conv3d", (1, 1, 0, 0, 0, 2))
    assert layer.macs == 4 * 3 * 6 * 8 * 6 * 27


@pytest.mark.parametrize(
    ("attributes", "outputs"),
    [
        ({"strides": [2, 2]}, (11, 11)),  # (5 - 1) * 2 + 3
        ({"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}, (10, 10)),
        ({"strides": [2, 2], "pads": [0, 1, 1, 0]}, (10, 10)),
        ({"strides": [2, 2], "auto_pad": "SAME_UPPER"}, (10, 10)),
        ({"strides": [2, 2], "auto_pad": "SAME_LOWER"}, (10, 10)),
        ({"strides": [2, 2], "output_shape": [9, 10]}, (9, 10)),
        ({"dilations": [2, 1]}, (9, 7)),
        ({"auto_pad": "VALID", "strides": [1, 2]}, (7, 11)),
    ],
)
def test_transposed_convolutions_are_their_phases(
    tmp_path: Path, attributes: dict[str, object], outputs: tuple[int, int]
) -> None:
    conv = node("ConvTranspose", "x w", "y", **attributes)
    layers = imported(tmp_path, model([conv], {"x": [1, 8, 5, 5]}, {"w": (8, 4, 3, 3)}))
    assert {layer.op for layer in layers} == {"conv2d"}
    assert {(layer.in_channels, layer.out_channels) for layer in layers} == {(8, 4)}
    assert sum(layer.outputs for layer in layers) == 4 * outputs[0] * outputs[1]


def test_what_reads_a_transposed_convolution_reads_its_phases(tmp_path: Path) -> None:
    nodes = [
        node("ConvTranspose", "x w", "y", strides=[2, 2], group=2),
        node("Conv", "y w2", "z", strides=[2, 2]),
    ]
    weights = {"w": (8, 3, 2, 2), "w2": (4, 6, 1, 1)}
    *phases, last = imported(tmp_path, model(nodes, {"x": [1, 8, 5, 5]}, weights))
    # Every output takes one of the four taps of its channel: 25 positions, 4 inputs a group.
    assert [phase.macs for phase in phases] == [25 * 6 * 4] * 4
    assert last.inputs == tuple(phase.name for phase in phases)


def test_products_of_attention_have_a_group_for_each_head(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x wq", "q"),
        node("Reshape", "q split", "q4"),
        node("Transpose", "q4", "qt", perm=[0, 2, 1, 3]),
        node("MatMul", "x wk", "k"),
        node("Reshape", "k split", "k4"),
        node("Transpose", "k4", "kt", perm=[0, 2, 3, 1]),
        node("MatMul", "qt kt", "scores"),
        node("Softmax", "scores", "p"),
        node("MatMul", "p qt", "values"),
    ]
    weights = {"wq": (20, 20), "wk": (20, 20), "split": np.array([1, 7, 4, 5])}
    query, _, scores, values = imported(tmp_path, model(nodes, {"x": [1, 7, 20]}, weights))
    assert [each.op for each in (query, scores, values)] == ["linear", "matmul", "matmul"]
    assert (scores.groups, scores.positions, scores.inputs) == (4, 7, ("q", "k"))
    assert (scores.in_channels, scores.out_channels) == (4 * 5, 4 * 7)
    assert (values.in_channels, values.out_channels) == (4 * 7, 4 * 5)
    assert scores.macs == values.macs == 4 * 7 * 7 * 5


def test_imported_attention_is_widened_in_its_features_alone(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x wqkv", "qkv"),
        node("Reshape", "qkv split", "split3"),
        node("Transpose", "split3", "all", perm=[2, 0, 3, 1, 4]),
        node("Split", "all", "q1 k1 v1", axis=0, num_outputs=3),
        *(node("Squeeze", f"{each}1 first", f"{each}") for each in "qkv"),
        node("Transpose", "k", "kt", perm=[0, 1, 3, 2]),
        node("MatMul", "q kt", "scores"),
        node("Add", "scores mask", "masked"),  # a row of it for each query
        node("Softmax", "masked", "p"),
        node("MatMul", "p v", "values"),
        node("Transpose", "values", "heads", perm=[0, 2, 1, 3]),
        node("Reshape", "heads flat", "mixed"),
        node("MatMul", "mixed wo", "out"),
    ]
    weights = {
        "wqkv": (20, 60), "wo": (20, 9), "split": np.array([1, 7, 3, 4, 5]),
        "first": np.array([0]), "flat": np.array([1, 7, 20]),
    }  # fmt: skip
    given = {"x": [1, 7, 20], "mask": [1, 1, 1, 7]}
    all_, scores, values, out = widened(imported(tmp_path, model(nodes, given, weights)), 2)
    assert (all_.in_channels, all_.out_channels) == (20, 120)
    assert (scores.groups, scores.reduction, scores.channels_per_group) == (4, 10, 7)
    assert (values.groups, values.reduction, values.channels_per_group) == (4, 7, 10)
    assert (out.in_channels, out.out_channels) == (40, 9)


@pytest.mark.parametrize(
    ("attributes", "data", "weights"),
    [
        ({}, (5, 20), (20, 30)),
        ({"transA": 1}, (20, 5), (20, 30)),
        ({"transB": 1}, (5, 20), (30, 20)),
    ],
)
def test_gemm(
    tmp_path: Path, attributes: dict[str, int], data: tuple[int, int], weights: tuple[int, int]
) -> None:
    gemm = node("Gemm", "x w", "y", **attributes)
    (layer,) = imported(tmp_path, model([gemm], {"x": data}, {"w": weights}))
    assert (layer.positions, layer.in_channels, layer.out_channels) == (5, 20, 30)


@pytest.mark.parametrize(
    ("inputs", "data", "weights"),
    [
        ("x w", (5, 20), (20, 30)),
        ("x w", (1, 5, 20), (20, 30)),
        ("x w", (5, 1, 20), (1, 20, 30)),
        ("w x", (20, 5), (30, 20)),
        ("w x", (1, 20, 5), (30, 20)),
    ],
)
def test_matmul(
    tmp_path: Path, inputs: str, data: tuple[int, ...], weights: tuple[int, ...]
) -> None:
    product = node("MatMul", inputs, "y")
    (layer,) = imported(tmp_path, model([product], {"x": data}, {"w": weights}))
    assert (layer.positions, layer.in_channels, layer.out_channels) == (5, 20, 30)


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("layout", [0, 1])
def test_recurrent_layers_are_two_products(
    tmp_path: Path, op: str, gates: int, layout: int
) -> None:
    cell = node(op, "x w r", "y", hidden_size=7, layout=layout)
    sizes = [5, 1, 6] if layout == 0 else [1, 5, 6]
    weights = {"w": (1, 7 * gates, 6), "r": (1, 7 * gates, 7)}
    inputs, hidden = imported(tmp_path, model([cell], {"x": sizes}, weights))
    assert (inputs.name, inputs.op, inputs.positions) == ("y.input", "linear", 5)
    assert (hidden.name, hidden.op, hidden.time_steps) == ("y.hidden", "recurrent", 5)
    assert inputs.macs == 5 * 6 * 7 * gates
    assert hidden.macs == 5 * 7 * 7 * gates
    assert (inputs.inputs, hidden.inputs) == (("network",), ("y.input",))


@pytest.mark.parametrize("layout", [0, 1])
def test_sequences_at_once_are_images(tmp_path: Path, layout: int) -> None:
    nodes = [
        node("LSTM", "x w r", "y", hidden_size=7, layout=layout),
        node("Reshape", "y shape", "flat"),
        node("MatMul", "flat w2", "out"),
    ]
    weights = {
        "w": (1, 28, 6), "r": (1, 28, 7), "w2": (7, 9), "shape": np.array([15, 7]),
    }  # fmt: skip
    data = model(nodes, {"x": [5, 3, 6] if layout == 0 else [3, 5, 6]}, weights)
    found = imported(tmp_path, data)
    assert [each.positions or each.time_steps for each in found] == [5, 5, 5]


def test_sequences_that_are_rows_of_an_image_are_refused(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x k", "c"),  # 4 rows of 5 pixels
        node("Reshape", "c shape", "rows"),
        node("GRU", "rows w r", "y", hidden_size=7),
    ]
    weights = {
        "k": (6, 3, 1, 1), "w": (1, 21, 6), "r": (1, 21, 7), "shape": np.array([5, 4, 6]),
    }  # fmt: skip
    found = refusal(tmp_path, model(nodes, {"x": [1, 3, 4, 5]}, weights))
    assert found == (
        "net.txt: convolutions, or recurrences, of 1, 4 images: expected one number in all"
    )


def test_both_directions_of_a_recurrent_layer(tmp_path: Path) -> None:
    nodes = [
        node("LSTM", "x w r", "y", hidden_size=7, direction="bidirectional"),
        node("Transpose", "y", "t", perm=[0, 2, 1, 3]),
        node("Reshape", "t shape", "flat"),
        node("MatMul", "flat w2", "out"),
    ]
    weights = {
        "w": (2, 28, 6), "r": (2, 28, 7), "w2": (14, 9), "shape": np.array([5, 1, 14]),
    }  # fmt: skip
    layers = imported(tmp_path, model(nodes, {"x": [5, 1, 6]}, weights))
    assert [layer.name for layer in layers] == [
        "y.forward.input",
        "y.forward.hidden",
        "y.reverse.input",
        "y.reverse.hidden",
        "out",
    ]
    assert layers[2].inputs == ("network",)
    assert layers[4].inputs == ("y.forward.hidden", "y.reverse.hidden")
    wide = [(each.in_channels, each.out_channels) for each in widened(layers, 2)]
    assert wide == [(6, 56), (14, 56), (6, 56), (14, 56), (28, 9)]
    # Without what follows, the states are the network's own outputs.
    last = widened(layers[:4], 2)
    assert [(each.in_channels, each.out_channels) for each in last] == [(6, 28), (7, 28)] * 2


def test_each_product_of_a_recurrent_layer_has_bits_of_its_own(tmp_path: Path) -> None:
    nodes = [
        node("Quant", "x scale zero four", "xq", domain=QONNX, signed=1),
        node("Quant", "w scale zero three", "wq", domain=QONNX),
        node("Quant", "r scale zero two", "rq", domain=QONNX),
        node("LSTM", "xq wq rq", "y", hidden_size=7),
    ]
    weights = SCALES | {"two": scalar(2), "w": (1, 28, 6), "r": (1, 28, 7)}
    inputs, hidden = imported(tmp_path, model(nodes, {"x": [5, 1, 6]}, weights))
    assert (inputs.activation_bits, inputs.weight_bits) == (4, 3)
    assert (hidden.activation_bits, hidden.weight_bits) == (8, 2)  # nothing quantizes the state


def quantized(activations: str, weights: str, **attributes: object) -> list[object]:
    """Return quantizers of QONNX before a product."""
    return [
        node(activations, "x scale zero four", "xq", domain=QONNX, signed=0),
        node("Relu", "xq", "xr"),
        node(weights, "w scale zero three", "wq", domain=QONNX, **attributes),
        node("Transpose", "wq", "wt", perm=[1, 0]),
        node("MatMul", "xr wt", "y"),
    ]


@pytest.mark.parametrize("op", ["Quant", "IntQuant"])
def test_bits_of_qonnx(tmp_path: Path, op: str) -> None:
    data = model(quantized(op, op, narrow=1), {"x": [5, 20]}, SCALES | {"w": (30, 20)})
    (layer,) = imported(tmp_path, data)
    assert (layer.activation_bits, layer.weight_bits, layer.signed) == (4, 3, False)
    assert (layer.positions, layer.in_channels, layer.out_channels) == (5, 20, 30)


def test_other_quantizers_of_qonnx(tmp_path: Path) -> None:
    nodes = [
        node("BipolarQuant", "x scale", "xq", domain=QONNX),
        node("BipolarQuant", "w scale", "wq", domain=QONNX),
        node("MatMul", "xq wq", "y"),
        node("Trunc", "y scale zero four three", "t", domain=QONNX),
        node("MatMul", "t wq", "z"),
    ]
    first, second = imported(tmp_path, model(nodes, {"x": [5, 20]}, SCALES | {"w": (20, 20)}))
    assert (first.activation_bits, first.weight_bits, first.signed) == (1, 1, True)
    assert (second.activation_bits, second.weight_bits) == (3, 1)


@pytest.mark.parametrize(
    ("quantizer", "reason"),
    [
        ("Quant", "its bit width, 'x', is no constant"),
        ("Trunc", "its bit width, 'x', is no constant"),
        ("Quant half", "bit width 3.5: expected a whole number from 1 to 64"),
        ("IntQuant none", "bit width 0: expected a whole number from 1 to 64"),
        ("IntQuant many", "bit width 65: expected a whole number from 1 to 64"),
        ("Trunc half", "bit width 3.5: expected a whole number from 1 to 64"),
        ("Quant each", "bit width 2.5: expected a whole number from 1 to 64"),
        ("Quant odd", "bit width nan: expected a whole number from 1 to 64"),
    ],
)
def test_bits_that_are_no_whole_number_are_told_with_who_reads_them(
    tmp_path: Path, quantizer: str, reason: str
) -> None:
    op, _, width = quantizer.partition(" ")
    before = "x scale zero four" if op == "Trunc" else "x scale zero"
    nodes = [
        node(op, f"{before} {width or 'x'}", "xq", domain=QONNX),
        node("MatMul", "xq w", "y", name="fc"),
    ]
    widths = {"half": scalar(3.5), "none": scalar(0), "many": scalar(65), "odd": scalar(np.nan)}
    widths |= {"each": np.array([2, 2.5], np.float32), "w": (20, 9)}
    found = refusal(tmp_path, model(nodes, {"x": [5, 20]}, SCALES | widths))
    assert found == f"net.txt: {op} 'xq', which MatMul 'fc' reads: {reason}"


def test_all_quantizers_of_unknown_bits_are_told_at_once(tmp_path: Path) -> None:
    nodes = [
        node("Quant", "x scale zero", "xq", domain=QONNX),
        node("Quant", "w scale zero half", "wq", domain=QONNX),
        node("MatMul", "xq wq", "y"),
    ]
    weights = SCALES | {"half": scalar(0.5), "w": (20, 9)}
    assert refusal(tmp_path, model(nodes, {"x": [5, 20]}, weights)).splitlines() == [
        "net.txt: Quant 'xq', which MatMul 'y' reads: it has no bit width",
        "net.txt: Quant 'wq', which MatMul 'y' reads: bit width 0.5: expected a whole number from "
        "1 to 64",
    ]


def linear_quantizers(kind: type, clip: bool) -> list[object]:
    """Return QuantizeLinear, Clip where asked for, and DequantizeLinear before a product."""
    between = [node("Clip", "xq low high", "xc")] if clip else [node("Identity", "xq", "xc")]
    return [
        node("QuantizeLinear", "x scale zp", "xq"),
        *between,
        node("DequantizeLinear", "xc scale zp", "xd"),
        node("MaxPool", "xd", "xm", kernel_shape=[1, 1]),
        node("DequantizeLinear", "w scale wzp", "wd"),
        node("Conv", "xm wd", "y"),
    ]


@pytest.mark.parametrize(
    ("kind", "clip", "expected"),
    [
        (np.uint8, None, (8, False)),
        (np.int8, None, (8, True)),
        (np.int16, None, (16, True)),
        (np.int8, (-8, 7), (4, True)),
        (np.uint8, (0, 3), (2, False)),
        (np.int8, (-3, 3), (3, True)),
    ],
)
def test_bits_of_quantize_linear(
    tmp_path: Path, kind: type, clip: tuple[int, int] | None, expected: tuple[int, bool]
) -> None:
    weights = {
        "scale": scalar(0.1),
        "zp": np.array(0, kind),
        "wzp": np.array(0, np.int8),
        "w": np.zeros((8, 4, 1, 1), np.int8),
        "low": np.array(clip[0] if clip else 0, kind),
        "high": np.array(clip[1] if clip else 0, kind),
    }
    nodes = linear_quantizers(kind, clip is not None)
    (layer,) = imported(tmp_path, model(nodes, {"x": [1, 4, 6, 6]}, weights))
    assert (layer.activation_bits, layer.signed) == expected
    assert layer.weight_bits == 8


def test_bits_of_integer_operators(tmp_path: Path) -> None:
    conv = node("ConvInteger", "x w", "y")
    data = model(
        [conv],
        [tensor("x", [1, 4, 6, 6], TensorProto.UINT8)],
        {"w": np.zeros((8, 4, 3, 3), np.int8)},
    )
    (layer,) = imported(tmp_path, data)
    assert (layer.activation_bits, layer.weight_bits, layer.signed) == (8, 8, False)
    assert layer.out_size == (4, 4)


def test_layers_without_quantizers_have_the_bits_asked_for(tmp_path: Path) -> None:
    data = model([node("MatMul", "x w", "y")], {"x": [5, 20]}, {"w": (20, 30)})
    assert imported(tmp_path, data)[0].activation_bits == 8
    assert imported(tmp_path, data, activation_bits=5)[0].activation_bits == 5


def test_open_sizes_are_asked_for_and_given(tmp_path: Path) -> None:
    data = model([node("MatMul", "x w", "y")], {"x": ["batch", "steps", 20]}, {"w": (20, 30)})
    found = refusal(tmp_path, data)
    assert found.splitlines()[1] == (
        "  MatMul 'y': the shape of 'x' has open sizes, 1 x ? x 20: give those of the model's "
        "inputs, 'steps'"
    )
    assert imported(tmp_path, data, sizes={"steps": 7})[0].positions == 7
    assert imported(tmp_path, data, sizes={"steps": 7, "batch": 2})[0].positions == 14
    assert refusal(tmp_path, data, sizes={"step": 7}) == (
        "net.txt: no size of the inputs is called 'step' (open: batch, steps). "
        "Did you mean 'steps'?"
    )


def test_an_open_first_size_may_be_time_steps(tmp_path: Path) -> None:
    """Of 5 words in 3 sentences, each a vector of 6: a sentence is an image."""
    nodes = [
        node("Gather", "vectors words", "found"),
        node("DequantizeLinear", "found scale", "x", axis=2),
        node("LSTM", "x w r", "y", hidden_size=7),
    ]
    vectors = np.zeros((9, 6), np.int8)
    weights = {"vectors": vectors, "scale": (6,), "w": (1, 28, 6), "r": (1, 28, 7)}
    words = tensor("words", ["count", "batch"], TensorProto.INT64)
    data = model(nodes, [words], weights)
    assert "give those of the model's inputs, 'count'" in refusal(tmp_path, data)
    for sizes in ({"count": 5}, {"count": 5, "batch": 3}):
        inputs, hidden = imported(tmp_path, data, sizes=sizes)
        assert (inputs.positions, hidden.time_steps) == (5, 5)


def test_an_open_first_size_is_images_where_a_recurrence_takes_them_first(tmp_path: Path) -> None:
    weights = {"w": (1, 28, 6), "r": (1, 28, 7)}
    nodes = [node("LSTM", "x w r", "y", hidden_size=7, layout=1)]
    data = model(nodes, {"x": ["batch", "count", 6]}, weights)
    assert "give those of the model's inputs, 'count'" in refusal(tmp_path, data)
    inputs, hidden = imported(tmp_path, data, sizes={"count": 5})
    assert (inputs.positions, hidden.time_steps) == (5, 5)


def test_open_sizes_without_names_are_called_by_their_place(tmp_path: Path) -> None:
    data = model([node("Conv", "x w", "y")], [tensor("x", [-1, 4, None, 0])], {"w": (8, 4, 3, 3)})
    assert "give those of the model's inputs, 'x.2', 'x.3'" in refusal(tmp_path, data)
    (layer,) = imported(tmp_path, data, sizes={"x.2": 16, "x.3": 8})
    assert (layer.in_size, layer.macs) == ((16, 8), 14 * 6 * 8 * 4 * 9)


@pytest.mark.parametrize("images", [1, "batch"])
@pytest.mark.parametrize("sides", [(3,), (1, 3), (2, 3)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_matrices_of_weights_side_by_side_are_groups(
    tmp_path: Path, images: int | str, sides: tuple[int, ...], mirrored: bool
) -> None:
    groups = int(np.prod(sides))
    x = [images, *sides[sides[0] == 1 :], *((20, 5) if mirrored else (5, 20))]
    weights = {"w": (*sides, *((30, 20) if mirrored else (20, 30)))}
    product = node("MatMul", "w x" if mirrored else "x w", "y")
    (layer,) = imported(tmp_path, model([product], {"x": x}, weights))
    # Of each of the matrices, 5 rows of 20 by 30 columns.
    assert (layer.op, layer.groups, layer.positions) == ("linear", groups, 5)
    assert (layer.in_channels, layer.out_channels) == (20 * groups, 30 * groups)


def test_shapes_follow_from_constants(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape zero", "first"),
        node("Unsqueeze", "first axis", "one"),
        node("Concat", "one rest", "sizes", axis=0),
        node("Reshape", "x sizes", "flat"),
        node("MatMul", "flat w", "y"),
    ]
    weights = {
        "zero": np.array(0), "axis": np.array([0]), "rest": np.array([-1]), "w": (64, 10),
    }  # fmt: skip
    (layer,) = imported(tmp_path, model(nodes, {"x": [1, 4, 4, 4]}, weights))
    assert (layer.positions, layer.in_channels) == (1, 64)


def test_all_that_multiplies_and_is_no_layer_is_told_at_once(tmp_path: Path) -> None:
    inner = helper.make_graph([node("MatMul", "x w", "z")], "inner", [], [tensor("z", [20, 20])])
    nodes = [
        node("MatMul", "x w", "fine"),
        node("Gemm", "x fine", "product"),
        node("Einsum", "x fine", "einsum", equation="ij,ij->i"),
        node("If", "yes", "branch", then_branch=inner, else_branch=inner),
        node("Mystery", "x", "mystery", domain="com.example"),
        node("Enigma", "x", "enigma"),
        node("SimplifiedLayerNormalization", "x scale", "normal"),
        node("Mul", "x fine", "gate"),
    ]
    weights = {"w": (20, 20), "yes": np.array(True), "scale": (20,)}
    assert refusal(tmp_path, model(nodes, {"x": [20, 20]}, weights)).splitlines() == [
        "net.txt: operators that multiply and are no layer of pgsim:",
        "  Gemm 'product': both operands are activations",
        "  Einsum 'einsum': no layer of pgsim",
        "  If 'branch': holds MatMul 'z' in a graph of its own",
        "  Mystery 'mystery': of the domain 'com.example', which is not known here",
        "  Enigma 'enigma': no operator of ONNX",
    ]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (node("Einsum", "x x", "z", equation="ij,ij->i"), "Einsum 'z', no layer of pgsim,"),
        (node("Enigma", "x", "z"), "Enigma 'z', no operator of ONNX,"),
        (
            node("Mystery", "x", "z", domain="com.example"),
            "Mystery 'z', of the domain 'com.example', which is not known here,",
        ),
        (node("Relu", "x", "z"), ""),
    ],
)
def test_what_a_graph_within_holds_is_looked_at_like_all_else(
    tmp_path: Path, held: onnx.NodeProto, expected: str
) -> None:
    inner = helper.make_graph([held], "inner", [], [tensor("z", [20, 20])])
    nodes = [
        node("If", "yes", "branch", then_branch=inner, else_branch=inner),
        node("MatMul", "x w", "y"),
    ]
    inputs = [tensor("x", [20, 20]), tensor("yes", [], TensorProto.BOOL)]
    data = model(nodes, inputs, {"w": (20, 20)})
    if not expected:
        assert len(imported(tmp_path, data)) == 1
        return
    assert refusal(tmp_path, data).splitlines()[1:] == [
        f"  If 'branch': holds {expected} in a graph of its own"
    ]


@pytest.mark.parametrize("op", ["Affine", "DynamicSlice", "GivenTensorFill", "Scale"])
def test_operators_that_onnx_runtime_has_in_onnxs_domain_are_passed_over(
    tmp_path: Path, op: str
) -> None:
    nodes = [node("MatMul", "x w", "y"), node(op, "y", "z")]
    assert len(imported(tmp_path, model(nodes, {"x": [4, 20]}, {"w": (20, 20)}))) == 1


def test_products_that_an_old_onnx_does_not_have_are_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx.defs, "has", lambda op: op not in ("Attention", "Enigma"))
    nodes = [node("Attention", "x x x", "a"), node("Enigma", "x", "b")]
    found = refusal(tmp_path, model(nodes, {"x": [1, 4, 20]}, {}))
    assert found.splitlines()[1:] == [
        "  Attention 'a': no layer of pgsim",
        "  Enigma 'b': no operator of ONNX",
    ]


def test_an_operator_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    nodes = [node("Enigma", "x", "b"), node("MatMul", "x w", "y")]
    data = model(nodes, {"x": [4, 20]}, {"w": (20, 20)})
    assert "net.txt: " in refusal(tmp_path, data.replace(b"Enigma", b"Enigm\xff"))


@pytest.mark.parametrize(
    ("channels", "weights", "groups"),
    [(4, (6, 2, 3, 3), 1), (4, (6, 4, 3, 3), 2), (6, (4, 2, 3, 3), 3)],
)
def test_groups_go_with_the_weights(
    tmp_path: Path, channels: int, weights: tuple[int, ...], groups: int
) -> None:
    convolution = node("Conv", "x w", "y", group=groups)
    found = refusal(tmp_path, model([convolution], {"x": [1, channels, 8, 8]}, {"w": weights}))
    assert found.splitlines()[1:] == [
        f"  Conv 'y': {channels} channels do not go with {weights[0]} filters of {weights[1]}, "
        f"groups {groups}"
    ]


def test_values_of_constants_may_lie_in_a_file_beside_the_model(tmp_path: Path) -> None:
    nodes = [
        node("Reshape", "x shape", "flat"),
        node("Quant", "flat scale zero three", "q", domain=QONNX),
        node("MatMul", "q w", "y"),
    ]
    weights = SCALES | {"three": scalar(3), "shape": np.array([-1, 64]), "w": (64, 10)}
    onnx.save_model(
        onnx.load_model_from_string(model(nodes, {"x": ["batch", 4, 4, 4]}, weights)),
        tmp_path / "net.onnx",
        save_as_external_data=True,
        location="net.data",
        size_threshold=0,
    )
    (layer,) = import_layers(tmp_path / "net.onnx")
    assert (layer.positions, layer.in_channels, layer.activation_bits) == (1, 64, 3)
    (tmp_path / "net.data").unlink()
    with pytest.raises(InputError, match="its bit width, 'three', is no constant"):
        import_layers(tmp_path / "net.onnx")


CANNOT_BE_READ = "the files of constants 'shape' cannot be read"


def shape_outside(**told: str) -> bytes:
    """Return a model with the constant `shape` in another file, of which it tells so much."""
    nodes = [node("Reshape", "x shape", "flat"), node("MatMul", "flat w", "y")]
    data = model(nodes, {"x": [1, 4, 4, 4]}, {"shape": np.array([-1, 64]), "w": (64, 10)})
    made = onnx.load_model_from_string(data)
    (shape,) = (each for each in made.graph.initializer if each.name == "shape")
    shape.ClearField("raw_data")
    shape.data_location = TensorProto.EXTERNAL
    for key, value in told.items():
        shape.external_data.add(key=key, value=value)
    return bytes(made.SerializeToString())


def test_a_constant_may_be_all_of_its_file_without_saying_its_length(tmp_path: Path) -> None:
    data, file = shape_outside(location="shape.data"), tmp_path / "shape.data"
    file.write_bytes(np.array([-1, 64]).tobytes())
    (layer,) = imported(tmp_path, data)
    assert (layer.positions, layer.in_channels) == (1, 64)
    file.write_bytes(bytes(2**20))  # more than any constant that is read
    assert CANNOT_BE_READ in refusal(tmp_path, data)


@pytest.mark.parametrize(
    "told",
    [
        {"location": "x" * 5000},
        {"location": "??"},
        {"location": "net.txt", "length": "??"},
    ],
)
def test_a_file_of_a_constant_that_cannot_be_is_told(tmp_path: Path, told: dict[str, str]) -> None:
    no_text = shape_outside(**told).replace(b"??", b"\xff\xff")
    assert CANNOT_BE_READ in refusal(tmp_path, no_text)


def test_a_file_beside_the_model_that_is_missing_is_told_where_sizes_depend_on_it(
    tmp_path: Path,
) -> None:
    nodes = [node("Reshape", "x shape", "flat"), node("MatMul", "flat w", "y")]
    data = model(nodes, {"x": [1, 4, 4, 4]}, {"shape": np.array([-1, 64]), "w": (64, 100)})
    file = tmp_path / "net.onnx"
    onnx.save_model(
        onnx.load_model_from_string(data), file, save_as_external_data=True, size_threshold=0
    )
    for each in tmp_path.iterdir():
        if each != file:
            each.unlink()
    with pytest.raises(InputError) as found:
        import_layers(file)
    assert str(found.value).endswith(
        "  MatMul 'y': the shape of 'flat' has open sizes, ? x ?; the files of constants 'shape' "
        "cannot be read"
    )


def test_functions_of_a_model_are_taken_apart(tmp_path: Path) -> None:
    function = helper.make_function(
        "com.example", "Twice", ["a", "m"], ["c"],
        [node("MatMul", "a m", "b", name="one"), node("MatMul", "b m", "c", name="two")],
        [helper.make_opsetid("", 21)],
    )  # fmt: skip
    nodes = [node("Twice", "x w", "y", domain="com.example")]
    data = model(nodes, {"x": [5, 20]}, {"w": (20, 20)}, functions=[function])
    assert [layer.macs for layer in imported(tmp_path, data)] == [2000, 2000]


def test_operators_without_a_name_are_called_as_their_output(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x w", "a", name=""),
        node("MatMul", "a w", "b", name="twice"),
        node("MatMul", "b w", "c", name="twice"),
    ]
    layers = imported(tmp_path, model(nodes, {"x": [5, 20]}, {"w": (20, 20)}))
    assert [layer.name for layer in layers] == ["a", "twice", "c"]


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"\x08\x08\xff\xff").startswith("net.txt: no ONNX model: ")
    assert refusal(tmp_path, b"", format="onnx").startswith("net.txt: no layer: none of its 0")
    found = refusal(tmp_path, model([node("Relu", "x", "y")], {"x": [5]}, {}))
    assert found == "net.txt: no layer: none of its 1 operators multiplies"
