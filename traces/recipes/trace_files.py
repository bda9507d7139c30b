"""What a recipe leaves behind: figures on the screen, and the files of its trace."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from pgsim.gating import gate_margins, integer_operands
from pgsim.masks import Margins, save_margins
from pgsim.workload import GateTrace, Operands, save_operands, save_trace


def report(trace: GateTrace) -> None:
    """Print the trace's accuracies, and the density and average bits (M4) of its gated layers."""
    for name, value in trace.accuracy.items():
        print(f"{name:<34} {value:.4f}")
    gated = [layer for layer in trace.layers if layer.shape.gated]
    if not gated:
        return
    densities = [layer.density() for layer in gated]
    bits = [
        layer.shape.msb_bits + open_fraction * layer.shape.lsb_bits
        for layer, open_fraction in zip(gated, densities, strict=True)
    ]
    for layer, open_fraction, average_bits in zip(gated, densities, bits, strict=True):
        channels = layer.channel_density()
        print(
            f"{layer.shape.name:<20} density {open_fraction:.4f}  average bits {average_bits:.3f}  "
            f"channels {channels.min():.3f} to {channels.max():.3f}"
        )
    weights = [layer.shape.outputs for layer in gated]
    print(
        f"{'all gated outputs':<20} density {np.average(densities, weights=weights):.4f}  "
        f"average bits {np.average(bits, weights=weights):.3f}"
    )


def write_trace(trace: GateTrace, gated: nn.Module, first: Tensor, out: Path) -> None:
    """Write a trace and, of its first images, the gated network's operands and margins.

    `first` are those images. The files are named by the trace, in the folder `out`.
    """
    (path,) = save_trace(trace, out / trace.name)
    about = (trace.name, hashlib.sha256(path.read_bytes()).hexdigest(), 0)
    operands = Operands(*about, integer_operands(gated, first))
    margins = Margins(*about, gate_margins(gated, first))
    beside = out / trace.name
    for written in (path, save_operands(operands, beside), save_margins(margins, beside)):
        print(f"wrote {written}, {written.stat().st_size} bytes")
