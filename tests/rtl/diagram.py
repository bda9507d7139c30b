"""Timing diagrams of the cycle rules, drawn from what the RTL does.

    python tests/rtl/diagram.py

prints those that MODEL.md shows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for `rtl` and `reference`

from reference import Pass, Plane
from reference.layers import Scheme, layer_of, passes_of

from rtl.arithmetic import leading_passes, pass_sums
from rtl.building import verilated
from rtl.builds import Build
from rtl.cases import Case, architecture
from rtl.harness import write_stimulus

SIGNALS = {
    "enters": "the array: M, L, 3 a step of the first, second, third pass; . none; "
    "p, d stopped for ports, DRAM",
    "first": "sums leave the first column",
    "last": "sums leave the last column",
    "mask": "a window's mask and schedule are known",
}


@dataclass(frozen=True)
class Diagram:
    """A rule of MODEL.md, and a small case that shows it: a linear layer on a build."""

    rule: str
    build: Build
    positions: int
    in_channels: int
    density: float
    window: int
    port_bits: int = 64
    dram_bytes_per_cycle: int = 1024
    activation_bits: int = 4
    msb_bits: int = 2
    scheme: Scheme = "pg"


WEIGHTS = Plane(0, 8)
THREE_PASSES = (
    Pass(Plane(4, 2), WEIGHTS),
    Pass(Plane(2, 2), WEIGHTS, gated=True),
    Pass(Plane(0, 2), WEIGHTS, gated=True),
)

DIAGRAMS = (
    Diagram("M16, os", Build(3, 2, overlap="none"), 6, 8, 0, 6, scheme="full"),
    Diagram("M17, os", Build(4, 2), 12, 4, 0, 12, scheme="full"),
    Diagram("M17, ws", Build(4, 2, dataflow="ws"), 2, 40, 0, 2, scheme="full"),
    Diagram("M19, two buffers", Build(2, 3, gate_latency_cycles=1), 6, 20, 0.5, 2),
    Diagram(
        "M19, one buffer",
        Build(2, 3, gate_latency_cycles=1, double_buffered=False),
        6,
        20,
        0.5,
        2,
    ),
    Diagram(
        "M19, three passes",
        Build(2, 3, gate_latency_cycles=1),
        6,
        20,
        0.5,
        2,
        activation_bits=6,
        scheme=THREE_PASSES,
    ),
    Diagram("M21", Build(2, 2), 5, 8, 0, 6, port_bits=8, scheme="full"),
    Diagram("M25", Build(2, 3), 6, 12, 0.5, 2, dram_bytes_per_cycle=4),
)


def case_of(diagram: Diagram) -> Case:
    """The diagram's case; its thresholds open about `density` of the gates."""
    rng = np.random.default_rng(0)
    build = diagram.build
    layer: dict[str, Any] = {
        "name": "layer",
        "op": "linear",
        "in_channels": diagram.in_channels,
        "out_channels": build.columns,
        "positions": diagram.positions,
        "groups": 1,
        "activation_bits": diagram.activation_bits,
        "msb_bits": diagram.msb_bits,
        "weight_bits": 8,
        "gate": "output",
        "signed": False,
    }
    size = (1, diagram.in_channels, diagram.positions, 1)
    activations = rng.integers(0, 2**diagram.activation_bits, size)
    weights = rng.integers(-128, 128, (build.columns, diagram.in_channels))
    passes = passes_of(layer_of(layer), diagram.scheme)
    leading = passes[: leading_passes(passes)]
    decided = sum(pass_sums(one, activations, weights, layer) for one in leading)[0]
    ample = {"kib": 64, "banks": 1, "port_bits": diagram.port_bits}
    memory = {
        "activation_sram": ample,
        "weight_sram": ample,
        "output_sram": ample | {"kib": build.output_sram_kib},
        "lsb_fetch": "with_msb",
        "dram": {
            "kind": "lpddr4",
            "bytes_per_cycle": diagram.dram_bytes_per_cycle,
            "burst_bytes": 8,
        },
    }
    return Case(
        build=build,
        seed=0,
        layer=layer,
        arch=architecture(build, memory, diagram.window, batch=1),
        scheme=diagram.scheme,
        activations=activations,
        weights=weights,
        thresholds=np.quantile(decided, 1 - diagram.density, axis=1).astype(np.int64),
    )


def drawn(diagram: Diagram, program: Path, stimulus: Path) -> str:
    """Return the diagram's signals, a character a cycle; stimulus: the case's file, to be written.

    program: the diagram's design, built.
    """
    write_stimulus([case_of(diagram)], stimulus)
    command = [str(program), f"+cases={stimulus}", "+trace"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cycles = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("cycle ")]
    ruler = "".join(
        str(cycle // 10 % 10) if cycle % 10 == 0 else " " for cycle in range(len(cycles))
    )
    lines = [f"{'cycle':<8}{ruler}".rstrip()]
    for name, signal in zip(SIGNALS, zip(*cycles, strict=True), strict=True):
        if set(signal) != {"_"}:
            lines.append(f"{name:<8}{''.join(signal).replace('_', ' ')}".rstrip())
    return "\n".join(lines)


def main() -> None:
    """Print every diagram."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        verilated({one.build for one in DIAGRAMS}, Path(scratch)) as programs,
    ):
        for diagram in DIAGRAMS:
            program = programs[diagram.build.name].result()
            signals = drawn(diagram, program, Path(scratch) / "cases.txt")
            print(f"{diagram.rule}: {diagram.build.name}\n\n{signals}\n")
    for name, meaning in SIGNALS.items():
        print(f"{name}: {meaning}")


if __name__ == "__main__":
    main()
