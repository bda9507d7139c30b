"""Tensors on their way through PyTorch's operators, known by their storage.

A storage may be written through slices of it, which are other tensors. It is held weakly: its
numbers go as they would, and its identity is no other storage's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

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
