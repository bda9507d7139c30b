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

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from pgsim.gating.forwards import Forward, plain_name, wrapped_forward
from pgsim.gating.products import is_product
from pgsim.gating.storages import is_whole, read_by, storage_of, tensors_in
from pgsim.workload.connections import NETWORK_INPUT

Sources = frozenset[str]
"""The layers whose outputs a tensor was made of, and `NETWORK_INPUT`."""


class Flow(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, follows tensors from layer to layer.

    Tensors are known by their storage (`pgsim.gating.storages`).
    """

    supports_higher_order_operators = True

    def __init__(self, batch: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._sources: dict[StorageWeakRef, Sources] = {}
        self._reads: dict[str, list[str]] = {}  # by name of layer, in the order they ran
        self._running = 0  # layers, one within the other
        self._mark(batch, frozenset({NETWORK_INPUT}))

    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Return what each layer read, by its name.

        A recurrent layer reads later layers only in the state that they left a time step before.
        """
        names = list(self._reads)
        return {
            name: tuple(
                dict.fromkeys(read for read in reads if read not in names[names.index(name) :])
            )
            or (NETWORK_INPUT,)
            for name, reads in self._reads.items()
        }

    def layer(self, name: str, forward: Forward) -> Forward:
        """Return a layer's `forward` that notes what it reads, and marks its output as its own."""

        def followed(*args: Any, **kwargs: Any) -> Any:
            read = frozenset().union(*map(self._sources_of, tensors_in((args, kwargs))))
            self._running += 1
            try:
                output = forward(*args, **kwargs)
            finally:
                self._running -= 1
            self._reads.setdefault(name, []).extend(sorted(read, key=self._rank))
            for each in tensors_in(output):
                self._mark(each, frozenset({name}))
            return output

        return followed

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operator, and mark what it gives by what it read."""
        kwargs = kwargs or {}
        if self._running:
            return func(*args, **kwargs)
        name = func._schema.name if isinstance(func, OpOverload) else "higher_order"
        read = [(each.shape, self._sources_of(each)) for each in read_by(name, args, kwargs)]
        output = func(*args, **kwargs)
        for each in tensors_in(output):
            self._mark(each, self._made_of(name, [(s, of) for s, of in read if of], each))
        return output

    def _made_of(self, name: str, read: list[tuple[Any, Sources]], output: Tensor) -> Sources:
        """Return the sources of what an operator gave, from the shapes and sources that it read.

        Where all are of one shape the layer that ran last gives the result, and reads the others.
        What is joined is of another shape than the whole.
        """
        together: Sources = frozenset().union(*(sources for _, sources in read))
        if together and is_product(name):
            return frozenset({NETWORK_INPUT})
        if any(shape != output.shape for shape, _ in read):
            return together
        last = max(together, key=self._rank, default=NETWORK_INPUT)
        own = next((sources for _, sources in read if last in sources), together)
        if last in self._reads:
            self._reads[last].extend(sorted(together - own, key=self._rank))
        return own

    def _rank(self, name: str) -> int:
        """Return a layer's place in the order that they ran in, before all for the batch."""
        return list(self._reads).index(name) if name in self._reads else -1

    def _sources_of(self, tensor: Tensor) -> Sources:
        return self._sources.get(storage_of(tensor), frozenset())

    def _mark(self, tensor: Tensor, sources: Sources) -> None:
        """Say what a tensor is made of; a part of a larger one adds to what that is made of."""
        before = frozenset() if is_whole(tensor) else self._sources_of(tensor)
        self._sources[storage_of(tensor)] = sources | before


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
