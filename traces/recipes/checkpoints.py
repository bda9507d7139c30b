"""Checkpoints: a network's weights, scales and thresholds in one file, small enough to commit."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import nn


def save_checkpoint(model: nn.Module, path: Path) -> None:
    """Write all of a model's parameters and buffers, in the types that they have."""
    partly = path.with_suffix(".part")
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, partly)
    partly.replace(path)


def load_checkpoint(model: nn.Module, path: Path, strict: bool = True) -> None:
    """Take a checkpoint over in place; not `strict`: clips and thresholds may be missing in it."""
    model.load_state_dict(load_file(path), strict=strict)
