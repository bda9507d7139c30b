"""What runs: layers and their ops, published networks, gate traces, operands, and their files."""

from pgsim.workload.fed_trace import layers_with_operands, trace_with_operands
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.mask_words import pack_masks
from pgsim.workload.networks import NETWORKS, network
from pgsim.workload.operands import LayerOperands, Operands, gate_mask
from pgsim.workload.operands_file import load_operands, save_operands
from pgsim.workload.ops import OPS, Op
from pgsim.workload.phases import transposed
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace
from pgsim.workload.trace import GateTrace
from pgsim.workload.trace_paths import check_trace_path
from pgsim.workload.widening import relative_cost, widened, widened_trace

__all__ = [
    "NETWORKS",
    "OPS",
    "GateTrace",
    "LayerOperands",
    "LayerShape",
    "LayerTrace",
    "Op",
    "Operands",
    "check_trace",
    "check_trace_path",
    "gate_mask",
    "layer_shape",
    "layers_with_operands",
    "load_operands",
    "load_trace",
    "network",
    "pack_masks",
    "relative_cost",
    "save_operands",
    "save_trace",
    "trace_with_operands",
    "transposed",
    "widened",
    "widened_trace",
]
