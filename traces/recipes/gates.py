"""What recipes do with gates: clips to start from, thresholds at one value, versions to state."""

from __future__ import annotations

import copy
import platform
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from pgsim.gating import pg_layers

CLIPS = 40  # tried per layer, between a fortieth of the largest activation and all of it

_Model = TypeVar("_Model", bound=nn.Module)


def best_clip(x: Tensor, levels: int) -> float:
    """Return the clip of least squared error, with `levels` steps on each side of zero."""
    largest = float(x.abs().max())
    clips = [largest * number / CLIPS for number in range(1, CLIPS + 1)]

    def error(clip: float) -> float:
        step = clip / levels
        return float((x.clamp(-clip, clip).div(step).round() * step - x).square().mean())

    return min(clips, key=error)


def with_thresholds(model: _Model, value: float) -> _Model:
    """Return a copy with every threshold at one value: -inf opens all gates, inf closes them."""
    changed = copy.deepcopy(model)
    for layer in pg_layers(changed).values():
        if layer.gate.threshold is not None:
            nn.init.constant_(layer.gate.threshold, value)
    return changed


def versions(**others: str) -> dict[str, str]:
    """Return what a network was trained with: Python, torch, numpy, and others by name."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        **others,
    }
