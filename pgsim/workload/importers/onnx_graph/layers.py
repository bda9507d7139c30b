"""The layers of a graph, in the order they run, and which layers' outputs each of them reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pgsim.errors import InputError
from pgsim.workload.connections import NETWORK_INPUT
from pgsim.workload.importers.importer import require_few
from pgsim.workload.importers.onnx_graph.graph import Graph, Node
from pgsim.workload.importers.onnx_graph.operators import (
    MULTIPLIES,
    OPERATORS,
    Tensors,
    Unfit,
)
from pgsim.workload.importers.onnx_graph.quantizers import Precision, carried
from pgsim.workload.importers.source import Row

Sources = frozenset[str]

_MOST_TOLD = 20  # operators that one message names


@dataclass
class _Walk:
    """What a walk through the operators has found so far.

    sources: the layers whose outputs a tensor is made of. reads: what each layer reads. ranks: its
    place in their order. refused: operators that are no layers, with the reason.
    """

    tensors: Tensors
    sources: dict[str, Sources]
    precisions: dict[str, Precision]
    rows: list[Row] = field(default_factory=list)
    reads: dict[str, list[str]] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def graph_layers(graph: Graph, where: str) -> list[Row]:
    """Return the layers of a graph; `where` begins each message.

    What only moves values, or treats them one by one, is no layer. Raises InputError that names
    every operator that multiplies and is none.
    """
    precisions = {**graph.typed, **graph.quantized}
    walk = _Walk(
        Tensors(graph, set(graph.constants), precisions, _images(graph, where)),
        {name: frozenset({NETWORK_INPUT}) for name in graph.inputs},
        precisions,
    )
    for node in graph.nodes:
        _follow(walk, node, where)
    if walk.refused:
        told = "\n".join(f"  {each}" for each in walk.refused[:_MOST_TOLD])
        more = len(walk.refused) - _MOST_TOLD
        raise InputError(
            f"{where}: operators that multiply and are no layer of pgsim:\n{told}"
            + (f"\n  and {more} more" if more > 0 else "")
        )
    if not walk.rows:
        raise InputError(f"{where}: no layer: none of its {len(graph.nodes)} operators multiplies")
    return list(_with_reads(walk))


def _follow(walk: _Walk, node: Node, where: str) -> None:
    """Take one more operator into account."""
    if _is_constant(walk, node):
        walk.tensors.constants.update(node.outputs)
    elif node.op in OPERATORS and not node.domain:
        _add_layers(walk, node, where)
        return
    elif reason := _refusal(node):
        walk.refused.append(f"{node.words}: {reason}")
    else:
        made = _made_of(walk, node)
        walk.sources.update(dict.fromkeys(node.outputs, made))
    precision = carried(node.op, node.inputs, walk.precisions, walk.tensors.graph.numbers)
    if precision is not None:
        for name in node.outputs:
            if name not in walk.tensors.graph.quantized:
                walk.precisions[name] = precision


def _is_constant(walk: _Walk, node: Node) -> bool:
    """Say whether an operator gives the same whatever values the network's input has."""
    read = [each for each in node.inputs if each]
    if node.op in ("Shape", "Size"):
        return True
    if not read or any(_inner(each) for each in node.attributes.values()):
        return node.op == "Constant"
    return all(each in walk.tensors.constants for each in read)


def _add_layers(walk: _Walk, node: Node, where: str) -> None:
    """Add the layers of an operator, or why it is none."""
    operator = OPERATORS[node.op]
    require_few(len(walk.rows), Path(where))
    try:
        layers = operator.layers(node, walk.tensors)
    except Unfit as reason:
        walk.refused.append(f"{node.words}: {reason}")
        return
    together: Sources = frozenset().union(*(sources for _, sources in _read(walk, node)))
    others: set[str] = set()
    for fields in layers:
        name, inputs = str(fields["name"]), fields.get("inputs")
        own = [str(each) for each in inputs] if isinstance(inputs, list) else None
        others.update(own or ())
        walk.rows.append(Row(f"{where}: {node.words}", fields))
        walk.ranks[name] = len(walk.ranks)
        walk.reads[name] = own or _ranked(walk, together)
    last = frozenset(str(fields["name"]) for fields in layers) - others
    walk.sources.update(dict.fromkeys(node.outputs, last))


def _refusal(node: Node) -> str:
    """Return why an operator cannot be passed over, or nothing."""
    if reason := _refusal_alone(node):
        return reason
    for attribute in node.attributes.values():
        for inner in _inner(attribute):
            reason = "" if inner.op in OPERATORS else _refusal_alone(inner)
            if reason or inner.op in OPERATORS:
                about = f", {reason}," if reason else ""
                return f"holds {inner.words}{about} in a graph of its own"
    return ""


def _refusal_alone(node: Node) -> str:
    """Return the same, whatever graphs the operator holds."""
    if node.domain:
        return f"of the domain {node.domain!r}, which is not known here"
    if node.op in MULTIPLIES:  # before onnx is asked, of which old versions lack some
        return "no layer of pgsim"
    return "" if node.is_known else "no operator of ONNX"


def _inner(attribute: object) -> list[Node]:
    """Return the operators of a graph in an attribute, and of graphs in theirs."""
    found: list[Node] = []
    waiting = [attribute]
    while waiting:
        each = waiting.pop()
        nodes = [one for one in each if isinstance(one, Node)] if isinstance(each, tuple) else []
        found += nodes
        waiting.extend(value for one in nodes for value in one.attributes.values())
    return found


def _made_of(walk: _Walk, node: Node) -> Sources:
    """Return the layers of what an operator gives.

    Where tensors of one shape are combined, as in a sum with a shortcut, the layer that ran last
    gives the result and reads the others; what is joined or stretched stays several outputs. A
    number alone, such as the scale of a dynamic quantizer, is nothing beside larger tensors.
    """
    read = _read(walk, node)
    read = [each for each in read if not _is_number(walk, each[0])] or read
    together: Sources = frozenset().union(*(sources for _, sources in read))
    sizes = walk.tensors.graph.sizes
    given = next((sizes[each] for each in node.outputs if each in sizes), None)
    if given is None or any(sizes.get(name) != given for name, _ in read):
        return together
    last = max(together, key=lambda name: _rank(walk, name), default=NETWORK_INPUT)
    own = next((sources for _, sources in read if last in sources), together)
    if last in walk.reads:
        walk.reads[last].extend(_ranked(walk, together - own))
    return own


def _is_number(walk: _Walk, name: str) -> bool:
    """Say whether a tensor has one value."""
    sizes = walk.tensors.graph.sizes.get(name)
    return sizes is not None and all(size == 1 for size in sizes)


def _read(walk: _Walk, node: Node) -> list[tuple[str, Sources]]:
    """Return the tensors that an operator reads and layers made, with these."""
    made = (name for name in node.inputs if name not in walk.tensors.constants)
    return [(name, walk.sources[name]) for name in made if walk.sources.get(name)]


def _ranked(walk: _Walk, names: Sources) -> list[str]:
    return sorted(names, key=lambda name: _rank(walk, name))


def _rank(walk: _Walk, name: str) -> int:
    """Return a layer's place in the order that they ran in, before all for the network's input."""
    return walk.ranks.get(name, -1)


def _with_reads(walk: _Walk) -> Iterator[Row]:
    """Yield layers with what they read."""
    for row in walk.rows:
        reads = list(dict.fromkeys(walk.reads[str(row.fields["name"])])) or [NETWORK_INPUT]
        yield row._replace(fields={**row.fields, "inputs": reads})


def _images(graph: Graph, where: str) -> int:
    """Return how many images a graph takes at once, as convolutions and recurrences say."""
    found = {
        images
        for node in graph.nodes
        if node.op in OPERATORS and (images := OPERATORS[node.op].images(node, graph))
    }
    if len(found) > 1:
        raise InputError(
            f"{where}: convolutions, or recurrences, of {', '.join(map(str, sorted(found)))} "
            "images: expected one number in all"
        )
    return max(found, default=1)
