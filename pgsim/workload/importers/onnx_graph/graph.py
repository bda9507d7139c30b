"""The graph of an ONNX model: its operators in order, the shapes and types of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pgsim.workload.importers.onnx_graph.quantizers import Precision

Sizes = tuple[int | None, ...]


class Node(NamedTuple):
    """One operator: what it is, what it is called, and the names of the tensors that it reads.

    is_known: whether ONNX's own domain has an operator that is called so.
    """

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    is_known: bool = True

    @property
    def words(self) -> str:
        """Its operator and its name, as messages call it."""
        return f"{self.op} {self.name!r}"

    def input(self, index: int) -> str:
        """Return the name of an input, or nothing where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""


@dataclass(frozen=True)
class Graph:
    """Operators in the order they run, and what is known of their tensors.

    sizes: of each tensor, None for one that depends on what is not known. numbers: the values of
    small constants. quantized: what quantizers give; typed: what the types of integers say.
    open_sizes: the names of those that the inputs leave open. unread: those of small constants
    whose values lie in a file that cannot be read.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    constants: frozenset[str]
    sizes: Mapping[str, Sizes]
    numbers: Mapping[str, tuple[float, ...]]
    quantized: Mapping[str, Precision]
    typed: Mapping[str, Precision]
    open_sizes: tuple[str, ...]
    unread: tuple[str, ...]
