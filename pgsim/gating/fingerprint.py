"""Digests by which a resumed capture knows its model and its images again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import chain

import torch
from torch import Tensor, nn

from pgsim.gating.modules import Gate


def model_sha256(model: nn.Module, gates: Mapping[str, Gate]) -> str:
    """Return the SHA-256 of a model: its modules as they print, its gates, its tensors' bits."""
    digest = hashlib.sha256(f"{model!r}{dict(gates)!r}".encode())
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        digest.update(name.encode())
        add_tensor(digest, tensor)
    return digest.hexdigest()


def add_tensor(digest: hashlib._Hash, tensor: Tensor) -> None:
    """Add a tensor's dtype, shape and bits to a digest."""
    digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
    data = tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8)
    digest.update(data.numpy().data)
