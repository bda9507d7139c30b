"""What runs: layer shapes, gate traces, named networks and synthetic masks."""

from pgsim.workload.fitting.fitted import fitted_trace
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.margins import LayerMargins, Margins, layer_margins, moved_thresholds
from pgsim.workload.margins_file import load_margins, margins_beside, save_margins
from pgsim.workload.masks import LayerTrace, pack_masks
from pgsim.workload.measures import MaskMeasures, mask_measures
from pgsim.workload.networks import NETWORKS, network
from pgsim.workload.operands import LayerOperands, Operands, gate_mask
from pgsim.workload.operands_file import load_operands, save_operands
from pgsim.workload.synthetic import synthetic_trace
from pgsim.workload.trace import GateTrace, check_trace, load_trace, save_trace
from pgsim.workload.trace_paths import check_trace_path

__all__ = [
    "NETWORKS",
    "GateTrace",
    "LayerMargins",
    "LayerOperands",
    "LayerShape",
    "LayerTrace",
    "Margins",
    "MaskMeasures",
    "Operands",
    "check_trace",
    "check_trace_path",
    "fitted_trace",
    "gate_mask",
    "layer_margins",
    "layer_shape",
    "load_margins",
    "load_operands",
    "load_trace",
    "margins_beside",
    "mask_measures",
    "moved_thresholds",
    "network",
    "pack_masks",
    "save_margins",
    "save_operands",
    "save_trace",
    "synthetic_trace",
]
