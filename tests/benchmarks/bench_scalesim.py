"""SCALE-Sim beside pgsim: ResNet-18's convolutions on 32 x 32 PEs, cycles and CPU time of each.

It needs SCALE-Sim in an environment of its own, which `tests/arch/conventions/run_scalesim.py` says
how to make, and half an hour of one core:

    PGSIM_SCALESIM=v/bin/python python -m pytest tests/benchmarks/bench_scalesim.py -n 0 -s

SCALE-Sim makes the address of every operand in every cycle, where pgsim has a closed form for dense
layers: that their cycles are equal is what the comparison shows. What a mask steers has no closed
form and no counterpart there. It stands beside, on the same layers.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from designs import design

from pgsim import GateTrace, LayerShape, network, simulate, synthetic_trace

SCALESIM = os.environ.get("PGSIM_SCALESIM")
FOLDER = Path(__file__).parents[1] / "arch/conventions"
PES = {"array.rows": 32, "array.columns": 32, "array.dataflow": "os"}
ONE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from run_scalesim import simulated
import scalesim.scale_sim
begin = time.process_time()
cycles, *_ = simulated("os", 32, 32, "conv", [int(size) for size in sys.argv[2:]])
print(cycles, time.process_time() - begin)
"""
ROUNDS = 20


def convolutions() -> dict[tuple[int, ...], LayerShape]:
    """Each geometry of ResNet-18 once, ungated; what pads its input is a part of it, as there."""
    found = {}
    for shape in network("resnet18"):
        if shape.op == "conv2d":
            sides = padded(shape)
            ungated = shape.replace(gate="none", msb_bits=None, inputs=None)
            own = ungated.replace(in_size=sides, padding=[0, 0])
            sizes = (*sides, *shape.kernel, shape.in_channels, shape.out_channels, shape.stride[0])
            found.setdefault(sizes, own)
    return found


def padded(shape: LayerShape) -> list[int]:
    """The input with its padding, as far as a kernel reaches."""
    pairs = zip(shape.out_size, shape.stride, shape.kernel, strict=True)
    return [(size - 1) * stride + kernel for size, stride, kernel in pairs]


def cpu_s(work: Callable[[], object]) -> float:
    """The least CPU time of some rounds."""
    work()  # compiles the kernels
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.skipif(SCALESIM is None, reason="PGSIM_SCALESIM names no Python that has SCALE-Sim")
def test_dense_convolutions_of_resnet18() -> None:
    dense = design({"array.convention": "scalesim", "memory.dram.model": "ideal"} | PES)
    gated = design({"lsb.scheduler": "skip"} | PES)
    theirs_s = ours_s = gated_s = 0.0
    print(f"\n{'layer':<24}{'cycles':>12}{'SCALE-Sim s':>14}{'pgsim ms':>12}{'gated ms':>12}")
    for sizes, shape in convolutions().items():
        command = [str(SCALESIM), "-c", ONE, str(FOLDER), *map(str, sizes)]
        cycles, took = subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout.split()
        trace = GateTrace.from_masks({}, [shape], images=1)
        assert simulate(trace, dense, "full").cycles == int(cycles)
        own = cpu_s(lambda trace=trace: simulate(trace, dense, "full"))
        masks = synthetic_trace([shape.replace(gate="output", msb_bits=2)], images=1, density=0.3)
        beside = cpu_s(lambda masks=masks: simulate(masks, gated))
        theirs_s, ours_s, gated_s = theirs_s + float(took), ours_s + own, gated_s + beside
        line = f"{shape.name:<24}{int(cycles):>12,}{float(took):>14.2f}"
        print(f"{line}{1e3 * own:>12.2f}{1e3 * beside:>12.2f}", flush=True)
    print(f"{'all':<36}{theirs_s:>14.2f}{1e3 * ours_s:>12.2f}{1e3 * gated_s:>12.2f}")
    print(f"SCALE-Sim takes {theirs_s / ours_s:,.0f} times the CPU time of pgsim's dense layers")
