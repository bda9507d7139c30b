"""LSTM, GRU and RNN layers of PyTorch: products with all inputs, and with the state of each step.

PyTorch computes all of them in one call (``torch.lstm`` and its like), whose weights tell the
sizes. The product of a layer with its inputs is a `linear` layer over all time steps; that with its
own state is `recurrent` (M6). In both directions there are two pairs, and the next layer reads
both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from pgsim.gating.plain_layer import Fields, PlainLayer, linear

_NAMES = ("lstm", "gru", "rnn_tanh", "rnn_relu")


class Unfit(Exception):
    """Why a recurrence is no layer of pgsim, in words."""


class Recurrence(NamedTuple):
    """One call of PyTorch's: what it read, and its layers.

    Attributes
    ----------
    steps, sequences : int
        How many time steps it was of, and how many sequences.
    steps_first : bool
        Whether the first axis of its input has the time steps.
    layers : tuple of PlainLayer
        In the order of PyTorch's states, that of inputs before that of states.
    """

    steps: int
    sequences: int
    steps_first: bool
    layers: tuple[PlainLayer, ...]

    @property
    def last(self) -> tuple[str, ...]:
        """The layers whose states are the output: those that no other reads."""
        read = {part for each in self.layers for part in each.reads}
        return tuple(part for part in self.hidden if part not in read)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The layers that are of states, in the order of PyTorch's states."""
        return tuple(each.part for each in self.layers if each.part.endswith("hidden"))


def is_recurrence(func: object) -> bool:
    """Say whether a function of PyTorch is a whole recurrence.

    >>> is_recurrence(torch.lstm), is_recurrence(torch.lstm_cell)
    (True, False)
    """
    name = getattr(func, "__name__", "")
    return name in _NAMES and func is getattr(torch._VF, name, None)


def recurrence(args: Sequence[Any]) -> Recurrence:
    """Return the layers of a recurrence, given what PyTorch's function is called with.

    Raises Unfit for one that no layers describe.
    """
    x, second = args[:2]
    packed = isinstance(second, Tensor) and second.dim() == 1  # how many sequences at each step
    states, weights, _, count, _, _, in_both_directions = args[packed + 1 : packed + 8]
    if packed and second[0] != second[-1]:
        raise Unfit("on sequences of several lengths")
    steps_first = not packed and not args[-1]
    axes = (len(second), int(second[0])) if packed else x.shape[:2]
    steps, sequences = axes if packed or steps_first else reversed(axes)
    directions = 2 if in_both_directions else 1
    of_pair = len(weights) // (count * directions)
    pairs = [weights[at : at + of_pair] for at in range(0, len(weights), of_pair)]
    if of_pair % 2:
        raise Unfit(f"with proj_size {pairs[0][-1].shape[0]}")
    states = states if isinstance(states, list | tuple) else (states,)
    layers = _layers(x, states, pairs, directions, (steps, sequences))
    return Recurrence(steps, sequences, steps_first, tuple(layers))


def _layers(
    x: Tensor,
    states: Sequence[Tensor],
    pairs: Sequence[Sequence[Tensor]],
    directions: int,
    ran: tuple[int, int],
) -> Iterator[PlainLayer]:
    """Yield the layers of every direction of every layer; `pairs` are their weights."""
    before: tuple[str, ...] = ()
    for first in range(0, len(pairs), directions):
        layer = f"l{first // directions}." if len(pairs) > directions else ""
        made = []
        for place, pair in enumerate(pairs[first : first + directions], start=first):
            way = ("forward.", "reverse.")[place - first] if directions > 1 else ""
            given, hidden = f"{layer}{way}input", f"{layer}{way}hidden"
            of_inputs = partial(_of_inputs, pair[0].shape, ran)
            yield PlainLayer(given, of_inputs, () if before else (x,), before)
            own = tuple(each[place] for each in states)
            yield PlainLayer(hidden, partial(_of_states, pair[1].shape, ran), own, (given,))
            made.append(hidden)
        before = tuple(made)


def _of_inputs(weights: Sequence[int], ran: tuple[int, int], images: int) -> Fields | None:
    """Return the product with all inputs."""
    (outputs, features), (steps, sequences) = weights, ran
    return linear(features, outputs, steps) if sequences == images else None


def _of_states(weights: Sequence[int], ran: tuple[int, int], images: int) -> Fields | None:
    """Return the product with the state of each step."""
    (outputs, cells), (steps, sequences) = weights, ran
    sizes = {"in_channels": cells, "out_channels": outputs, "time_steps": steps}
    return {"op": "recurrent", **sizes} if sequences == images else None


class Recurrences(TorchFunctionMode):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, lets `run` run all recurrences of PyTorch: a function on arguments."""

    def __init__(self, run: Callable[[Callable[..., Any], Sequence[Any]], Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._run = run

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run a function, or let it run."""
        if is_recurrence(func) and not kwargs:
            return self._run(func, args)
        return func(*args, **(kwargs or {}))
