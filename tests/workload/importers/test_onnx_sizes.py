"""Sizes of ONNX tensors that follow from computed constants, as exporters write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from imports import imported, refusal
from onnx import NodeProto, TensorProto, numpy_helper
from onnx_cases import model, node, tensor


def reshaped_by(size: NodeProto) -> list[NodeProto]:
    """Return a convolution of what is reshaped to sizes of which an operator makes the last."""
    return [
        size,
        node("Concat", "front sides", "sizes", axis=0),
        node("Reshape", "x sizes", "image"),
        node("Conv", "image w", "y"),
    ]


def of_constant(count: int) -> bytes:
    value = numpy_helper.from_array(np.array([8]))
    nodes = reshaped_by(node("ConstantOfShape", "count", "sides", value=value))
    weights = {"count": np.array([count]), "front": np.array([1, 4]), "w": (8, 4, 3, 3)}
    return model(nodes, {"x": [1, 256]}, weights)


def of_expansion(count: int) -> bytes:
    nodes = reshaped_by(node("Expand", "eight count", "sides"))
    weights = {
        "eight": np.array([8]),
        "count": np.array([count]),
        "front": np.array([1, 4]),
        "w": (8, 4, 3, 3),
    }
    return model(nodes, {"x": [1, 256]}, weights)


@pytest.mark.parametrize("made", [of_constant, of_expansion])
def test_sizes_that_an_operator_makes(tmp_path: Path, made) -> None:
    """256 elements are 4 channels of 8 x 8, of which a 3 x 3 kernel leaves 6 x 6."""
    (layer,) = imported(tmp_path, made(2))
    assert (layer.in_size, layer.out_size) == ((8, 8), (6, 6))


@pytest.mark.parametrize("made", [of_constant, of_expansion])
def test_sizes_that_would_fill_memory_are_not_made(tmp_path: Path, made) -> None:
    assert "'y'" in refusal(tmp_path, made(2**40))


@pytest.mark.parametrize(
    "made",
    [
        node("Expand", "x sizes", "image"),
        node("Reshape", "x sizes", "image"),
        node("ConstantOfShape", "sizes", "image"),
        node("Tile", "x sizes", "image"),
        node("Pad", "x sizes", "image"),
    ],
    ids=lambda made: made.op_type,
)
def test_axes_that_would_fill_memory_are_not_made(tmp_path: Path, made: NodeProto) -> None:
    """Sizes of which only the number is known, as many as a file may say."""
    given = [tensor("x", [1, 4, 1, 1]), tensor("sizes", [2**40], TensorProto.INT64)]
    nodes = [made, node("Relu", "image", "more"), node("Conv", "more w", "y")]
    assert "'y'" in refusal(tmp_path, model(nodes, given, {"w": (8, 4, 3, 3)}))
