"""Precision Gating in PyTorch, and the capture of its masks (the extra ``pgsim[torch]``).

Zhang et al., "Precision Gating: Improving Neural Network Efficiency with Dynamic Dual-Precision
Activations", ICLR 2020, arXiv 2002.07136. No other part of pgsim imports PyTorch.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError("pgsim.gating needs PyTorch: pip install 'pgsim[torch]'") from error

from pgsim.gating.capture import capture
from pgsim.gating.layers import PGConv2d, PGLinear, PrecisionGate, pg_layers, threshold_loss
from pgsim.gating.modules import Gate
from pgsim.gating.operands import integer_operands
from pgsim.gating.quantize import ClippedQuantizer, quantize_weight, split_planes
from pgsim.gating.streaming import Shards

__all__ = [
    "ClippedQuantizer",
    "Gate",
    "PGConv2d",
    "PGLinear",
    "PrecisionGate",
    "Shards",
    "capture",
    "integer_operands",
    "pg_layers",
    "quantize_weight",
    "split_planes",
    "threshold_loss",
]
