"""Precision Gating in PyTorch, and the capture of its masks (the extra ``pgsim[torch]``).

Zhang et al., "Precision Gating: Improving Neural Network Efficiency with Dynamic Dual-Precision
Activations", ICLR 2020, arXiv 2002.07136. Region gating (`RegionGated`) is another way to decide
where an activation's LSBs are worth computing. No other part of pgsim imports PyTorch.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError("pgsim.gating needs PyTorch: pip install 'pgsim[torch]'") from error

from pgsim.gating.capturing import capture
from pgsim.gating.gate import PrecisionGate
from pgsim.gating.gradients import split_planes
from pgsim.gating.layers import PGConv2d, PGLinear, pg_layers, threshold_loss
from pgsim.gating.margins import gate_margins
from pgsim.gating.modules import Gate
from pgsim.gating.operands import integer_operands
from pgsim.gating.plain import shapes
from pgsim.gating.quantize import ClippedQuantizer, quantize_weight
from pgsim.gating.rankings import (
    colour_gradient,
    entropy,
    important_regions,
    points_of_interest,
)
from pgsim.gating.recurrent import PGLSTM, PGRecurrent
from pgsim.gating.regions import RegionConv2d, RegionGated
from pgsim.gating.streaming import Shards

__all__ = [
    "PGLSTM",
    "ClippedQuantizer",
    "Gate",
    "PGConv2d",
    "PGLinear",
    "PGRecurrent",
    "PrecisionGate",
    "RegionConv2d",
    "RegionGated",
    "Shards",
    "capture",
    "colour_gradient",
    "entropy",
    "gate_margins",
    "important_regions",
    "integer_operands",
    "pg_layers",
    "points_of_interest",
    "quantize_weight",
    "shapes",
    "split_planes",
    "threshold_loss",
]
