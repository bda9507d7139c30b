"""Which tensors of an ONNX graph have time steps on their first axis, and images on their second.

That follows from the recurrences that read them. It is known before any shape is, since an open
size on the first axis of a model's input is its images only where it is not its time steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pgsim.workload.importers.onnx_graph.operators import OPERATORS
from pgsim.workload.importers.onnx_graph.operators.recurrence import STEPS_FIRST, Recurrence

_KEEP_AXES = {
    "Cast",
    "Clip",
    "DequantizeLinear",
    "Dropout",
    "Identity",
    "QuantizeLinear",
    "Relu",
    "Sigmoid",
    "Tanh",
}


def with_steps_first(nodes: Sequence[Any]) -> set[str]:
    """Return the tensors that recurrences read so, themselves or through what keeps their axes.

    nodes: as onnx has them, each behind those that it reads.
    """
    found: set[str] = set()
    for node in reversed(nodes):
        attributes = {each.name: each.i for each in node.attribute}
        if isinstance(OPERATORS.get(node.op_type), Recurrence):
            if attributes.get("layout", STEPS_FIRST) == STEPS_FIRST:
                found.update(node.input[:1])
        elif not found.intersection(node.output):
            continue
        elif node.op_type in _KEEP_AXES:
            found.update(node.input[:1])
        elif node.op_type == "Gather" and not attributes.get("axis"):
            found.update(node.input[1:])  # such as words, whose vectors it looks up
    return found
