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

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pgsim.gating.forwards import Forward, plain_name, wrapped_forward
from pgsim.gating.products import is_product
from pgsim.workload.connections import NETWORK_INPUT

Sources = frozenset[str]
"""The layers whose outputs a tensor was made of, and `NETWORK_INPUT`."""

_JOINS = re.compile(r"::(?:cat|concat|concatenate|stack|hstack|vstack|dstack)$")
_OVERWRITES = re.compile(r"::(?:copy_|fill_|zero_)$")
_MAKES_NEW = re.compile(r"(?:^|_)(?:empty|full|ones|rand|randn|randint|zeros)(?:_|$)")


class Flow(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, follows tensors from layer to layer.

    Tensors are known by their storage, because one may be written through slices of it. It is held
    weakly: its numbers go as they would, and its identity is no other storage's.
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
            read = frozenset().union(*map(self._sources_of, _tensors((args, kwargs))))
            self._running += 1
            try:
                output = forward(*args, **kwargs)
            finally:
                self._running -= 1
            self._reads.setdefault(name, []).extend(sorted(read, key=self._rank))
            for each in _tensors(output):
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
        read = [(each.shape, self._sources_of(each)) for each in _read(name, args, kwargs)]
        output = func(*args, **kwargs)
        for each in _tensors(output):
            self._mark(each, self._made_of(name, [(s, of) for s, of in read if of], each))
        return output

    def _made_of(self, name: str, read: list[tuple[Any, Sources]], output: Tensor) -> Sources:
        """Return the sources of what an operator gave, from the shapes and sources that it read.

        Where all are of one shape the layer that ran last gives the result, and reads the others.
        """
        together: Sources = frozenset().union(*(sources for _, sources in read))
        if together and is_product(name):
            return frozenset({NETWORK_INPUT})
        if _JOINS.search(name) or any(shape != output.shape for shape, _ in read):
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
        return self._sources.get(_storage(tensor), frozenset())

    def _mark(self, tensor: Tensor, sources: Sources) -> None:
        """Say what a tensor is made of; a part of a larger one adds to what that is made of."""
        whole = tensor.numel() * tensor.element_size() >= tensor.untyped_storage().nbytes()
        before = frozenset() if whole else self._sources_of(tensor)
        self._sources[_storage(tensor)] = sources | before


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


def _tensors(tree: Any) -> list[Tensor]:
    """Return the tensors in lists, tuples and mappings, but for those of no plain storage."""
    leaves = (each for each in tree_leaves(tree) if isinstance(each, Tensor))
    return [each for each in leaves if each.layout == torch.strided]


def _read(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Return the tensors whose numbers an operator reads."""
    if _MAKES_NEW.search(name.partition("::")[2]):
        return []
    read = args[1:] if _OVERWRITES.search(name) else args
    return _tensors((read, {key: each for key, each in kwargs.items() if key != "out"}))


def _storage(tensor: Tensor) -> StorageWeakRef:
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call, unused-ignore]
