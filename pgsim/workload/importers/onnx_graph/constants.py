"""The values of an ONNX model's constants: small ones are read, large ones are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pgsim.workload.importers.onnx_graph.sizes import MOST_VALUES, Values

_VALUES = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")
_MOST_BYTES = 16 * MOST_VALUES  # of a small constant; complex numbers are the widest


def drop_large_values(graph: Any) -> None:
    """Drop the values of constants that no size depends on, being many; only shapes count."""
    for tensor in _tensors(graph):
        if prod(tensor.dims) > MOST_VALUES:
            for field in _VALUES:
                tensor.ClearField(field)
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield all constants of a graph, also those that stand in operators."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors


def small_constants(onnx: Any, graph: Any, folder: Path) -> Values:
    """Return the values of small constants by name; `folder` has the files beside the model's."""
    found = {tensor.name: _values(onnx, tensor, folder) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and len(node.attribute) == 1 and node.output:
            attribute = node.attribute[0]
            numbers = {"value_int": attribute.i, "value_float": attribute.f}
            numbers |= {"value_ints": list(attribute.ints), "value_floats": list(attribute.floats)}
            found[node.output[0]] = (
                np.array(numbers[attribute.name])
                if attribute.name in numbers
                else _values(onnx, attribute.t, folder)
            )
    return {name: each for name, each in found.items() if each is not None}


def _values(onnx: Any, tensor: Any, folder: Path) -> npt.NDArray[Any] | None:
    """Return a constant's values, None where they are many or cannot be read."""
    if not 0 <= prod(tensor.dims) <= MOST_VALUES:
        return None
    if tensor.external_data and not _take_external(onnx, tensor, folder):
        return None
    try:
        found: npt.NDArray[Any] = onnx.numpy_helper.to_array(tensor)
        return found
    except (KeyError, TypeError, ValueError, OverflowError):  # no such type, or values too few
        return None


def _take_external(onnx: Any, tensor: Any, folder: Path) -> bool:
    """Have a constant hold its values that lie in a file of their own; say whether they do."""
    length = _length(tensor, folder)
    if length.isdecimal() and int(length) <= _MOST_BYTES:
        with suppress(Exception):  # whatever onnx says of a file that is not there, or elsewhere
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(folder))
            tensor.ClearField("external_data")  # old versions of onnx leave both there
            tensor.ClearField("data_location")
    return not tensor.external_data


def _length(tensor: Any, folder: Path) -> str:
    """Return the bytes that a constant says it has in its file, by default all; it may be wrong."""
    # As text: Protocol Buffers give as bytes what is no UTF-8.
    told = {str(each.key): str(each.value) for each in tensor.external_data}
    if "length" in told:
        return told["length"]
    file = folder / told.get("location", "")
    with suppress(OSError):  # such as a name that is too long
        return str(file.stat().st_size) if file.is_file() else ""
    return ""


def numbers_of(values: Values) -> dict[str, tuple[float, ...]]:
    """Return values as numbers in a row, without those that are text."""
    return {
        name: tuple(map(float, each.reshape(-1).tolist()))
        for name, each in values.items()
        if each.dtype.kind in "biuf"
    }
