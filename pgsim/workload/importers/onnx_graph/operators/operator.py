"""What is particular to one operator of ONNX: which layers it is, and which input it streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from pgsim.workload.importers.onnx_graph.graph import Graph, Node
from pgsim.workload.importers.onnx_graph.quantizers import Precision
from pgsim.workload.problems import cut

Fields = dict[str, object]


class Unfit(Exception):
    """Why an operator is no layer of pgsim, in words."""


@dataclass(frozen=True)
class Tensors:
    """What operators ask of tensors: their sizes, whether they are constant, and their precision.

    constants: with those that follow from constants alone. images: that the graph takes at once.
    """

    graph: Graph
    constants: set[str]
    precisions: Mapping[str, Precision]
    images: int

    def sizes(self, name: str) -> tuple[int, ...]:
        """Return a tensor's sizes; raises Unfit where they are not all known."""
        sizes = self.graph.sizes.get(name)
        if sizes is None:
            raise Unfit(f"the shape of {name!r} cannot be inferred")
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            left = ", ".join(map(repr, self.graph.open_sizes))
            unread = cut(", ".join(map(repr, self.graph.unread)), 200)
            raise Unfit(
                f"the shape of {name!r} has open sizes, {_shape_words(sizes)}"
                + (f": give those of the model's inputs, {left}" if left else "")
                + (f"; the files of constants {unread} cannot be read" if unread else "")
            )
        return known

    def of_one_image(self, positions: int) -> int:
        """Return the positions of one image; raises Unfit where they are of no whole number."""
        if positions % self.images:
            raise Unfit(
                f"{positions} positions are no multiple of the {self.images} images that "
                "convolutions, or recurrences, take at once"
            )
        return positions // self.images

    def widths(self, node: Node, data: int, weights: int) -> Fields:
        """Return the bits of a layer's operands, as far as quantizers say them."""
        fields: Fields = {}
        if activations := self.precisions.get(node.input(data)):
            fields["activation_bits"] = activations.bits
            fields["signed"] = activations.signed
        if constant := self.precisions.get(node.input(weights)):
            fields["weight_bits"] = constant.bits
        return fields


@dataclass(frozen=True)
class Operator(ABC):
    """A node type that is one layer or several; `data` and `weights` are places of its inputs."""

    data: int
    weights: int

    @abstractmethod
    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the manifest fields of its layers; raises Unfit where it is none.

        A layer without `inputs` reads what the operator reads, the others each other.
        """

    def images(self, node: Node, graph: Graph) -> int | None:
        """Return how many images it takes at once, None where its sizes do not tell."""
        return None

    def require_constant(self, node: Node, tensors: Tensors) -> None:
        """Raise Unfit where its weights are computed from activations."""
        if node.input(self.weights) not in tensors.constants:
            raise Unfit("both operands are activations")


def _shape_words(sizes: tuple[int | None, ...]) -> str:
    return " x ".join("?" if size is None else str(size) for size in sizes)


def numbers(node: Node, name: str, dimensions: int, least: int = 1) -> list[int]:
    """Return an attribute's number of each dimension, the least where it is left out."""
    given = list(node.attributes.get(name) or [least] * dimensions)
    if len(given) != dimensions or min(given) < least:
        raise Unfit(f"{name} {given} of {dimensions} dimensions")
    return given
