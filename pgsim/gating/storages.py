"""Tensors on their way through PyTorch's operators, known by their storage.

A storage may be written through slices of it, which are other tensors. It is held weakly: its
numbers go as they would, and its identity is no other storage's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

Mark = TypeVar("Mark")

_OVERWRITES = re.compile(r"::(?:copy_|fill_|zero_)$")
_MAKES_NEW = re.compile(r"(?:^|_)(?:empty|full|ones|rand|randn|randint|zeros)(?:_|$)")


def tensors_in(tree: Any) -> list[Tensor]:
    """Return the tensors in lists, tuples and mappings, but for those of no plain storage."""
    leaves = (each for each in tree_leaves(tree) if isinstance(each, Tensor))
    return [each for each in leaves if each.layout == torch.strided]


def read_by(operator: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Tensor]:
    """Return the tensors whose numbers an operator reads, given what it is called with."""
    if _MAKES_NEW.search(operator.partition("::")[2]):
        return []
    read = args[1:] if _OVERWRITES.search(operator) else args
    return tensors_in((read, {key: each for key, each in kwargs.items() if key != "out"}))


def storage_of(tensor: Tensor) -> StorageWeakRef:
    """Return the identity of a tensor's storage."""
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call, unused-ignore]


def is_whole(tensor: Tensor) -> bool:
    """Say whether a tensor is all of its storage, so that writing it leaves nothing else there."""
    return tensor.numel() * tensor.element_size() >= tensor.untyped_storage().nbytes()


def is_seen_through(func: Any, output: Tensor, read: Iterable[Tensor]) -> bool:
    """Say whether what an operator gave is a view of what it read, so that it computed nothing."""
    if not isinstance(func, OpOverload) or func._schema.is_mutable:
        return False
    return any(storage_of(each) == storage_of(output) for each in read)


class Places(Generic[Mark]):
    """What is known of tensors: marks of places in their storages."""

    def __init__(self) -> None:
        self._marks: dict[StorageWeakRef, dict[tuple[int, int], list[Mark]]] = {}

    def of(self, tensor: Tensor) -> list[Mark]:
        """Return the marks of all places that a tensor has a part of."""
        begin, end = _span(tensor)
        places = self._marks.get(storage_of(tensor), {})
        return [
            mark
            for (first, last), marks in places.items()
            if first < end and begin < last
            for mark in marks
        ]

    def mark(self, tensor: Tensor, mark: Mark) -> None:
        """Mark a tensor's place anew; one with gaps keeps what else is known of it."""
        places = self._marks.setdefault(storage_of(tensor), {})
        span = _span(tensor)
        if is_whole(tensor):
            places.clear()
        elif tensor.is_contiguous():
            places = self._marks[storage_of(tensor)] = _without(places, *span)
        before = places.get(span, [])
        places[span] = [*(each for each in before if each != mark), mark]


def _without(
    places: Mapping[tuple[int, int], list[Mark]], begin: int, end: int
) -> dict[tuple[int, int], list[Mark]]:
    """Return what places have before `begin` and from `end` on."""
    left: dict[tuple[int, int], list[Mark]] = {}
    for (first, last), marks in places.items():
        for part in ((first, min(last, begin)), (max(first, end), last)):
            if part[0] < part[1]:
                known = left.setdefault(part, [])
                known.extend(each for each in marks if each not in known)
    return left


def _span(tensor: Tensor) -> tuple[int, int]:
    """Return where a tensor begins and ends in its storage, in bytes."""
    if not tensor.numel():
        return 0, 0
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    elements = 1 + sum((size - 1) * stride for size, stride in sizes)
    begin = int(tensor.storage_offset()) * tensor.element_size()
    return begin, begin + elements * tensor.element_size()
