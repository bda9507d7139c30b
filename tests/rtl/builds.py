"""The designs that Verilator builds: what a case cannot change, because it is wired.

Each build runs many cases. Together they cover the dataflows, schedulers and kinds of PE, arrays
that are not square or only a row or a column, both overlaps, and one output buffer or two.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Build:
    """One design: the keys of an architecture file that are parameters of the RTL."""

    rows: int
    columns: int
    dataflow: str = "os"
    lanes: str = "channels"
    overlap: str = "folds"
    kind: str = "fusion"
    max_activation_bits: int = 8
    max_weight_bits: int = 8
    terms: int = 1
    scheduler: str = "skip"
    ways: int = 1
    open: int = 1
    depth: int = 1
    scan: int = 1
    gate_latency_cycles: int = 0
    double_buffered: bool = True

    @property
    def name(self) -> str:
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = [
            f"{field.name}={own[field.name]}"
            for field in fields(self)
            if field.name not in ("rows", "columns") and own[field.name] != field.default
        ]
        return ",".join([f"{self.rows}x{self.columns}", *changed])

    @property
    def slices(self) -> tuple[int, int]:
        """Bits of an activation and of a weight that a PE takes in one cycle (M5)."""
        return {
            "serial_activation": (1, self.max_weight_bits),
            "serial_weight": (self.max_activation_bits, 1),
            "serial_both": (1, 1),
        }.get(self.kind, (self.max_activation_bits, self.max_weight_bits))

    @property
    def lanes_are_channels(self) -> bool:
        """Whether lanes are channels, and slots positions; else the other way round (M7)."""
        return self.dataflow != "is" and self.lanes == "channels"

    @property
    def output_sram_kib(self) -> int:
        return 1 if self.columns <= 2 else 2 if self.columns <= 4 else 4

    @property
    def window_capacity(self) -> int:
        """Slots of the longest window: what the output buffer, or half of it, holds (M8)."""
        bits = self.output_sram_kib * 8192 // (2 if self.double_buffered else 1)
        unit = self.rows if self.dataflow == "os" else 1
        return bits // (32 * self.columns) // unit * unit

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of `accelerator.sv`."""
        activation_slice, weight_slice = self.slices
        return {
            "ROWS": self.rows,
            "COLUMNS": self.columns,
            "DATAFLOW": self.dataflow,
            "LANES_ARE_CHANNELS": self.lanes_are_channels,
            "OVERLAP_FOLDS": self.overlap == "folds",
            "DOUBLE_BUFFERED": self.double_buffered,
            "FUSION": self.kind == "fusion",
            "TERMS": self.terms if self.kind.startswith("serial") else 1,
            "ACTIVATION_SLICE": activation_slice,
            "WEIGHT_SLICE": weight_slice,
            "SCHEDULER": self.scheduler,
            "WAYS": self.ways,
            "OPEN": self.open,
            "DEPTH": self.depth,
            "SCAN": self.scan,
            "GATE_LATENCY": self.gate_latency_cycles,
            "WINDOW": 1 << (self.window_capacity - 1).bit_length(),
        }


_COMBINE = {"scheduler": "combine", "ways": 3, "open": 4}
_QUEUE = {"scheduler": "queue", "depth": 4, "scan": 2}

# What a plain test run builds: every rule, wired once. The first, the third and the sixth are also
# those of the diagrams of M17 and M16.
FEW_BUILDS = (
    # Output stationary: schedulers, buffers, overlap, lanes that are positions.
    Build(4, 2),
    Build(2, 6, **_COMBINE),
    Build(3, 2, overlap="none"),
    Build(2, 7, scheduler="queue", depth=1, scan=4, double_buffered=False),
    Build(3, 5, lanes="positions", **_COMBINE),
    # Weight stationary, and input stationary.
    Build(4, 2, dataflow="ws"),
    Build(6, 3, dataflow="ws", **_COMBINE, gate_latency_cycles=1),
    Build(2, 6, dataflow="ws", **_QUEUE),
    Build(4, 2, dataflow="is", scheduler="combine", ways=2, open=4),
    # PEs of other kinds: operands wider than a PE takes at once.
    Build(4, 3, kind="fixed", max_activation_bits=3, max_weight_bits=5, dataflow="ws"),
    Build(2, 3, kind="serial_both", terms=3),
)

BUILDS = (
    *FEW_BUILDS,
    # Output stationary.
    Build(4, 4),
    Build(3, 4, overlap="none", gate_latency_cycles=1),
    Build(4, 4, scheduler="dense"),
    Build(6, 3, **_QUEUE),
    Build(6, 6, **_COMBINE, gate_latency_cycles=3),
    Build(2, 8, scheduler="combine", ways=2, open=4),
    Build(1, 5, double_buffered=False),
    Build(5, 1),
    Build(1, 1, scheduler="queue", depth=1, scan=1),
    Build(4, 2, scheduler="combine", ways=2, open=3, double_buffered=False, gate_latency_cycles=2),
    Build(4, 3, lanes="positions", overlap="none", scheduler="dense", double_buffered=False),
    # Weight stationary, and input stationary.
    Build(4, 4, dataflow="ws"),
    Build(4, 4, dataflow="ws", scheduler="dense"),
    Build(1, 8, dataflow="ws", scheduler="combine", ways=3, open=2, double_buffered=False),
    Build(5, 1, dataflow="ws"),
    Build(2, 8, dataflow="ws", scheduler="queue", depth=3, scan=3),
    Build(3, 5, dataflow="ws", overlap="none", gate_latency_cycles=2),
    Build(3, 2, dataflow="is", double_buffered=False, gate_latency_cycles=1),
    # PEs of other widths and kinds.
    Build(4, 3, max_activation_bits=4, max_weight_bits=4),
    Build(3, 4, dataflow="ws", max_activation_bits=2, max_weight_bits=8, **_COMBINE),
    Build(3, 3, kind="fixed", max_activation_bits=8, max_weight_bits=8, **_QUEUE),
    Build(2, 4, kind="serial_activation", terms=16, **_COMBINE),
    Build(4, 2, kind="serial_weight", terms=4, dataflow="ws"),
)

# Those that the tests build.
TESTED = BUILDS if os.environ.get("PGSIM_RTL_BUILD_SET") == "all" else FEW_BUILDS
