"""An ONNX model's bytes as a graph: functions inlined, batch of one, shapes inferred.

The values of large constants are dropped before anything else, since only shapes count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from pgsim.errors import InputError, nearest
from pgsim.workload.importers.onnx_graph.constants import (
    drop_large_values,
    numbers_of,
    small_constants,
)
from pgsim.workload.importers.onnx_graph.graph import Graph, Node, Sizes
from pgsim.workload.importers.onnx_graph.quantizers import (
    INTEGERS,
    QONNX,
    Precision,
    UnknownBits,
    qonnx_precision,
)
from pgsim.workload.importers.onnx_graph.runtime import UNLISTED, take_runtime_operators
from pgsim.workload.importers.onnx_graph.sizes import complete_sizes
from pgsim.workload.importers.onnx_graph.steps_first import with_steps_first
from pgsim.workload.problems import cut, short

Precisions = dict[str, Precision]

_LARGEST_SIZE = 2**24  # as of all layers
_MOST_TOLD = 20  # quantizers that one message names


def load_graph(data: bytes, path: Path, sizes: Mapping[str, int]) -> Graph:
    """Return the graph of a model, whose open sizes are these, by name.

    Raises InputError where onnx is not installed, where the bytes are no model, and where it leaves
    no size of such a name open.
    """
    onnx = _onnx(path)
    with _refusing(path, UnicodeError):  # of names, wherever one is read
        return _loaded(onnx, data, path, sizes)


def _loaded(onnx: Any, data: bytes, path: Path, sizes: Mapping[str, int]) -> Graph:
    with _refusing(path):
        model = onnx.load_model_from_string(data)
    drop_large_values(model.graph)
    if model.functions:
        with _refusing(path):
            model = onnx.inliner.inline_local_functions(model)
    packed = take_runtime_operators(model.graph)
    values = small_constants(onnx, model.graph, path.parent)
    quantized = packed | _plain(model.graph, numbers_of(values), path)
    open_sizes = _fix_sizes(model.graph, sizes, path)
    _import_domains(model)
    values = complete_sizes(onnx, model, values)
    return _graph(onnx, model.graph, numbers_of(values), quantized, open_sizes)


@contextmanager
def _refusing(path: Path, kind: type[Exception] = Exception) -> Iterator[None]:
    """Raise InputError for whatever onnx, or protobuf below it, says of a model that is none."""
    try:
        yield
    except kind as error:
        raise InputError(f"{path}: no ONNX model: {cut(str(error), 200)}") from None


def _onnx(path: Path) -> Any:
    try:
        import onnx
        import onnx.external_data_helper
        import onnx.inliner
        import onnx.reference
        import onnx.shape_inference
    except ImportError:
        raise InputError(
            f"{path}: reading an ONNX model needs onnx: python -m pip install 'pgsim[onnx]'"
        ) from None
    return onnx


def _plain(graph: Any, numbers: Mapping[str, tuple[float, ...]], path: Path) -> Precisions:
    """Have QONNX's quantizers pass their input on, and return the precisions that they give.

    Raises InputError with a line for each whose bits cannot be told.
    """
    found: Precisions = {}
    unknown = []
    for node in graph.node:
        if node.op_type in QONNX and node.domain and node.input and node.output:
            attributes = {each.name: each.i for each in node.attribute}
            try:
                precision = qonnx_precision(node.op_type, tuple(node.input), attributes, numbers)
            except UnknownBits as reason:
                unknown.append((node, reason))
                continue
            found[node.output[0]] = precision
            node.op_type, node.domain = "Identity", ""
            del node.input[1:], node.output[1:], node.attribute[:]
    if unknown:
        told = [
            f"{path}: {_quantizer_words(graph, node)}: {reason}"
            for node, reason in unknown[:_MOST_TOLD]
        ]
        more = len(unknown) - _MOST_TOLD
        raise InputError("\n".join([*told, *([f"and {more} more"] if more > 0 else [])]))
    return found


def _quantizer_words(graph: Any, node: Any) -> str:
    """Return what a quantizer is called, and who reads what it gives."""
    given = node.output[0]
    reader = next((each for each in graph.node if given in each.input), None)
    reads = f", which {reader.op_type} {_name(reader)} reads" if reader else ""
    return f"{node.op_type} {_name(node)}{reads}"


def _name(node: Any) -> str:
    return short(node.name or next(iter(node.output), ""))


def _import_domains(model: Any) -> None:
    """Have a model import all domains of its operators, without which no shape is inferred."""
    known = {each.domain for each in model.opset_import}
    for domain in {node.domain for node in model.graph.node} - known:
        model.opset_import.add(domain=domain, version=1)


def _fix_sizes(graph: Any, sizes: Mapping[str, int], path: Path) -> tuple[str, ...]:
    """Give inputs the sizes that they leave open, and forget what follows from open ones.

    A first size that is open, and not given, is one image; a second one is where recurrences take
    the first as time steps. Returns the names of those that stay open.
    """
    constants = {tensor.name for tensor in graph.initializer}
    steps_first = with_steps_first(graph.node)
    open_sizes = [
        (_open_name(value.name, place, size), place == int(value.name in steps_first), size)
        for value in graph.input
        if value.name not in constants
        for place, size in enumerate(_dimensions(value))
        if size.dim_value <= 0
    ]
    open_names = {name for name, *_ in open_sizes}
    for name in sizes:
        if name not in open_names:
            raise InputError(
                f"{path}: no size of the inputs is called {short(name)} (open: "
                f"{', '.join(sorted(open_names)) or 'none'}).{nearest(name, open_names)}"
            )
        if not 1 <= sizes[name] <= _LARGEST_SIZE:
            raise InputError(f"{path}: size {name!r}: expected 1 to {_LARGEST_SIZE}")
    for name, is_images, size in open_sizes:
        if name in sizes or is_images:
            size.dim_value = sizes.get(name, 1)
        else:
            size.ClearField("dim_value")
    for value in chain(graph.value_info, graph.output):
        for size in _dimensions(value):
            size.ClearField("dim_param")
    left = (name for name, is_images, _ in open_sizes if not is_images and name not in sizes)
    return tuple(dict.fromkeys(left))


def _open_name(tensor: str, place: int, size: Any) -> str:
    """Return what an open size is called: one without a name, by its tensor and its place there."""
    return size.dim_param or f"{tensor}.{place}"


def _dimensions(value: Any) -> Any:
    return value.type.tensor_type.shape.dim


def _graph(
    onnx: Any,
    graph: Any,
    numbers: dict[str, tuple[float, ...]],
    quantized: dict[str, Precision],
    open_sizes: tuple[str, ...],
) -> Graph:
    weights = {tensor.name for tensor in graph.initializer}
    constants = {
        node.output[0] for node in graph.node if node.op_type == "Constant" and node.output
    }
    values = list(chain(graph.input, graph.value_info, graph.output))
    sizes = {value.name: shape for value in values if (shape := _shape(value)) is not None}
    sizes |= {
        tensor.name: tuple(size if size > 0 else None for size in tensor.dims)
        for tensor in graph.initializer
    }
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    words = {number: name for name, number in onnx.TensorProto.DataType.items()}
    integers = {name: INTEGERS.get(words.get(number, "")) for name, number in types.items()}
    return Graph(
        nodes=tuple(_nodes(onnx, graph.node)),
        inputs=tuple(value.name for value in graph.input if value.name not in weights),
        constants=frozenset(weights | constants | numbers.keys()),
        sizes=sizes,
        numbers=numbers,
        quantized=quantized,
        typed={name: each for name, each in integers.items() if each},
        open_sizes=open_sizes,
        unread=tuple(tensor.name for tensor in graph.initializer if tensor.external_data),
    )


def _shape(value: Any) -> Sizes | None:
    """Return a tensor's sizes, None for each that is open, or None where it has no shape."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    return tuple(
        size.dim_value if size.HasField("dim_value") and size.dim_value > 0 else None
        for size in _dimensions(value)
    )


def _nodes(onnx: Any, nodes: Iterable[Any]) -> Iterator[Node]:
    """Yield the operators; one without a name, or with that of another, is called as its output."""
    taken: set[str] = set()
    for number, node in enumerate(nodes):
        outputs = tuple(node.output)
        names = (node.name, *outputs, f"{node.op_type}_{number}")
        name = next((each for each in names if each and each not in taken), f"node_{number}")
        taken.add(name)
        attributes = {each.name: _attribute(onnx, each) for each in node.attribute}
        domain = "" if node.domain == "ai.onnx" else node.domain
        op = str(node.op_type)  # which Protocol Buffers give as bytes where it is no UTF-8
        is_known = onnx.defs.has(op) or op in UNLISTED
        yield Node(op, domain, name, tuple(node.input), outputs, attributes, is_known)


def _attribute(onnx: Any, attribute: Any) -> object:
    """Return an attribute's value: numbers, text, and the operators of a graph within."""
    kinds = onnx.AttributeProto
    if attribute.type == kinds.GRAPH:
        return tuple(_nodes(onnx, attribute.g.node))
    if attribute.type == kinds.INTS:
        return tuple(attribute.ints)
    if attribute.type == kinds.STRING:
        return attribute.s.decode("utf-8", "replace")
    return {kinds.INT: attribute.i, kinds.FLOAT: attribute.f}.get(attribute.type)
