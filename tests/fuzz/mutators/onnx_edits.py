"""Edits of an ONNX model that leave it a message of its format: sizes, operators, connections."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.mutators.mutator import Unfit

_SIZES = (-1, 0, 1, 2, 3, 7, 2**20, 2**31, 2**40, 2**63 - 1)
_OPERATORS = (
    "Conv", "Gemm", "MatMul", "LSTM", "Reshape", "Concat", "Add", "Transpose", "Flatten", "Shape",
    "Gather", "Expand", "Tile", "ConstantOfShape", "Clip", "QuantizeLinear", "DequantizeLinear",
    "Quant", "Einsum", "Loop", "Resize", "Pad", "Slice", "Split", "Squeeze", "ConvInteger",
)  # fmt: skip
_WORDS = ("", "x", "w0", "VALID", "SAME_LOWER", "reverse", "com.example", "qonnx.custom_op.general")


def onnx_edit(rng: Random, data: bytes) -> bytes:
    """Change one to three things of a model."""
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # whatever protobuf says of bytes that are no model
        raise Unfit from None
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(_EDITS)(rng, model.graph)
    return bytes(model.SerializeToString())


def _resize(rng: Random, graph: Any) -> None:
    value = _some(rng, [*graph.input, *graph.output])
    sizes = value.type.tensor_type.shape.dim
    if sizes:
        _some(rng, sizes).dim_value = rng.choice(_SIZES)


def _reshape(rng: Random, graph: Any) -> None:
    sizes = _some(rng, graph.initializer).dims
    if sizes and rng.random() < 0.8:
        sizes[rng.randrange(len(sizes))] = rng.choice(_SIZES)
    else:
        sizes.append(rng.choice(_SIZES))


def _retype(rng: Random, graph: Any) -> None:
    _some(rng, graph.initializer).data_type = rng.randrange(30)


def _rename(rng: Random, graph: Any) -> None:
    node = _some(rng, graph.node)
    node.op_type = rng.choice(_OPERATORS)
    if rng.random() < 0.2:
        node.domain = rng.choice(_WORDS)


def _reconnect(rng: Random, graph: Any) -> None:
    node = _some(rng, graph.node)
    names = [name for each in graph.node for name in (*each.input, *each.output)]
    ends = node.input if rng.random() < 0.8 or not node.output else node.output
    if ends and rng.random() < 0.7:
        ends[rng.randrange(len(ends))] = rng.choice([*names, *_WORDS])
    else:
        ends.append(rng.choice([*names, *_WORDS]))


def _drop(rng: Random, graph: Any) -> None:
    items = rng.choice((graph.node, graph.node, graph.initializer, graph.input))
    if items:
        del items[rng.randrange(len(items))]


def _double(rng: Random, graph: Any) -> None:
    graph.node.add().CopyFrom(_some(rng, graph.node))


def _set_attribute(rng: Random, graph: Any) -> None:
    with_some = [each for node in graph.node for each in node.attribute]
    attribute = _some(rng, with_some)
    attribute.i = rng.choice(_SIZES)
    attribute.s = rng.choice(_WORDS).encode()
    if attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(_SIZES)
    if rng.random() < 0.2:
        attribute.ints.append(rng.choice(_SIZES))


def _some(rng: Random, items: Any) -> Any:
    if not items:
        raise Unfit
    return items[rng.randrange(len(items))]


_EDITS: tuple[Callable[[Random, Any], None], ...] = (
    _resize,
    _reshape,
    _retype,
    _rename,
    _reconnect,
    _drop,
    _double,
    _set_attribute,
    _set_attribute,
)
