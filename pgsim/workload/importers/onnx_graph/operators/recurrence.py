"""LSTM, GRU and RNN: a product with all inputs at once, and one with the state of each step."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.workload.importers.onnx_graph.graph import Graph, Node
from pgsim.workload.importers.onnx_graph.operators.operator import (
    Fields,
    Operator,
    Tensors,
    Unfit,
)

_STATE_WEIGHTS, _INITIAL_STATE = 2, 5  # the places of these inputs
STEPS_FIRST = 0  # of the layouts: steps, images, features


@dataclass(frozen=True)
class Recurrence(Operator):
    """A linear and a recurrent layer in each direction; `gates` are its matrices side by side."""

    gates: int

    def layers(self, node: Node, tensors: Tensors) -> list[Fields]:
        """Return the layers of each direction, the linear one first."""
        self.require_constant(node, tensors)
        sizes = tensors.sizes(node.input(self.data))
        weights = tensors.sizes(node.input(self.weights))
        state = tensors.sizes(node.input(_STATE_WEIGHTS))
        if not len(sizes) == len(weights) == len(state) == 3:
            raise Unfit(f"sizes {list(sizes)}, {list(weights)}, {list(state)}, expected three each")
        steps = sizes[1 - _images_axis(node)]
        directions, outputs, features = weights
        cells = state[2]
        if outputs != self.gates * cells or sizes[2] != features:
            raise Unfit(f"weights {list(weights)} and {list(state)}, which do not go together")
        of_inputs = tensors.widths(node, self.data, self.weights)
        of_state = tensors.widths(node, _INITIAL_STATE, _STATE_WEIGHTS)
        ways = [""] if directions == 1 else [f".{way}" for way in ("forward", "reverse")]
        return [
            fields | {"out_channels": outputs, **widths}
            for way in ways[:directions]
            for fields, widths in zip(
                _pair(f"{node.name}{way}", features, cells, steps),
                (of_inputs, of_state),
                strict=True,
            )
        ]

    def images(self, node: Node, graph: Graph) -> int | None:
        """Return how many sequences its input has."""
        sizes = graph.sizes.get(node.input(self.data), ())
        return sizes[_images_axis(node)] if len(sizes) == 3 else None


def _images_axis(node: Node) -> int:
    """Return which axis of the input has the sequences; the other one has the steps."""
    return 1 if node.attributes.get("layout", STEPS_FIRST) == STEPS_FIRST else 0


def _pair(name: str, features: int, cells: int, steps: int) -> tuple[Fields, Fields]:
    """Return the product with the inputs, and that with the state, which reads the first."""
    inputs: Fields = {
        "name": f"{name}.input",
        "op": "linear",
        "in_channels": features,
        "positions": steps,
    }
    hidden: Fields = {
        "name": f"{name}.hidden",
        "op": "recurrent",
        "in_channels": cells,
        "time_steps": steps,
        "inputs": [f"{name}.input"],
    }
    return inputs, hidden
