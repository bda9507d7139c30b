"""What runs: layer shapes, gate traces, named networks and synthetic masks."""

from pgsim.workload.layer import LayerShape, layer_shape
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
    "LayerOperands",
    "LayerShape",
    "LayerTrace",
    "MaskMeasures",
    "Operands",
    "check_trace",
    "check_trace_path",
    "gate_mask",
    "layer_shape",
    "load_operands",
    "load_trace",
    "mask_measures",
    "network",
    "pack_masks",
    "save_operands",
    "save_trace",
    "synthetic_trace",
]
