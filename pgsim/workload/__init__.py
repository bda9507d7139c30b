"""What runs: layer shapes, gate traces, named networks and synthetic masks."""

from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.masks import LayerTrace, pack_masks
from pgsim.workload.networks import NETWORKS, network
from pgsim.workload.synthetic import synthetic_trace
from pgsim.workload.trace import GateTrace, check_trace, load_trace, save_trace
from pgsim.workload.trace_paths import check_trace_path

__all__ = [
    "NETWORKS",
    "GateTrace",
    "LayerShape",
    "LayerTrace",
    "check_trace",
    "check_trace_path",
    "layer_shape",
    "load_trace",
    "network",
    "pack_masks",
    "save_trace",
    "synthetic_trace",
]
