"""Which layers' outputs each layer reads, found by following the tensors of one batch.

Every operator of PyTorch passes the dispatcher, so that what a tensor was made of is known: layers'
outputs, and the batch. Where tensors of one shape are combined, as in a sum with a shortcut, the
result is written as the output of the layer that ran last, which so reads the others (the words are
those of `pgsim.workload.connections`). Tensors that are joined, or stretched over each other, stay
several outputs.

What goes through numpy, or through a product that is no layer and was left out knowingly, counts as
what no layer made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from pgsim.gating.forwards import Forward, plain_name, wrapped_forward
from pgsim.gating.products import Operators, is_product
from pgsim.gating.storages import Places, is_seen_through, read_by, tensors_in
from pgsim.workload.connections import NETWORK_INPUT

Sources = frozenset[str]
"""The layers whose outputs a tensor was made of, and `NETWORK_INPUT`."""


class Flow(Operators):
    """While it is entered, follows tensors from layer to layer.

    Tensors are known by their place in a storage (`pgsim.gating.storages`).
    """

    def __init__(self, batch: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._made = Places[Sources]()
        self._reads: dict[str, list[str]] = {}  # by name of layer, in the order they ran
        self._ranks: dict[str, int] = {}
        self._running = 0  # layers, one within the other
        for each in tensors_in(batch):
            self._made.mark(each, frozenset({NETWORK_INPUT}))

    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Return what each layer read, by its name.

        A recurrent layer reads later layers only in the state that they left a time step before.
        """
        return {
            name: tuple(dict.fromkeys(read for read in reads if self._rank(read) < rank))
            or (NETWORK_INPUT,)
            for rank, (name, reads) in enumerate(self._reads.items())
        }

    def layer(self, name: str, forward: Forward) -> Forward:
        """Return a layer's `forward` that notes what it reads, and marks its output as its own."""

        def followed(*args: Any, **kwargs: Any) -> Any:
            read = self.sources_of(tensors_in((args, kwargs)))
            with self.unseen():
                output = forward(*args, **kwargs)
            self.note(name, read)  # after the layers within it
            self.mark(output, frozenset({name}))
            return output

        return followed

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Follow nothing within the block: it is a layer's."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def note(self, name: str, read: Sources) -> None:
        """Say what a layer that runs reads."""
        self._ranks.setdefault(name, len(self._ranks))
        self._reads.setdefault(name, []).extend(sorted(read, key=self._rank))

    def mark(self, output: Any, sources: Sources) -> None:
        """Say what the tensors of an output are made of."""
        for each in tensors_in(output):
            self._made.mark(each, sources)

    def sources_of(self, tensors: Iterable[Tensor]) -> Sources:
        """Return what some tensors are made of."""
        return frozenset().union(*(each for one in tensors for each in self._made.of(one)))

    def product(self, name: str, func: Any, args: tuple[Any, ...], kwargs: Any) -> Sources:
        """Return what a product of no layer, which is about to run, is made of."""
        read = self.sources_of(read_by(name, args, kwargs))
        return frozenset({NETWORK_INPUT}) if read else frozenset()

    def run(self, name: str, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run an operator, and mark what it gives by what it read."""
        if self._running:
            return func(*args, **kwargs)
        made = self.product(name, func, args, kwargs) if is_product(name) else None
        tensors = read_by(name, args, kwargs)
        read = [(each.shape, self.sources_of([each])) for each in tensors]
        output = func(*args, **kwargs)
        for each in tensors_in(output):
            if made is None and is_seen_through(func, each, tensors):
                continue
            sources = self._made_of([(s, of) for s, of in read if of], each)
            self._made.mark(each, sources if made is None else made)
        return output

    def _made_of(self, read: list[tuple[Any, Sources]], output: Tensor) -> Sources:
        """Return the sources of what an operator gave, from the shapes and sources that it read.

        Where all are of one shape the layer that ran last gives the result, and reads the others.
        What is joined is of another shape than the whole.
        """
        together: Sources = frozenset().union(*(sources for _, sources in read))
        if any(shape != output.shape for shape, _ in read):
            return together
        last = max(together, key=self._rank, default=NETWORK_INPUT)
        own = next((sources for _, sources in read if last in sources), together)
        if last in self._reads:
            self._reads[last].extend(sorted(together - own, key=self._rank))
        return own

    def _rank(self, name: str) -> int:
        """Return a layer's place in the order that they ran in, before all for the batch."""
        return self._ranks.get(name, -1)


@contextmanager
def following(model: nn.Module, layers: Iterable[str], batch: Tensor) -> Iterator[Flow]:
    """Give the Flow of a batch that the model runs on within the block.

    `layers` are names of modules, as the model has them.
    """
    flow = Flow(batch)
    with ExitStack() as stack:
        for name in layers:
            wrap = partial(flow.layer, plain_name(name))
            stack.enter_context(wrapped_forward(model.get_submodule(name), wrap))
        stack.enter_context(flow)
        yield flow
