"""Layers and designs far beyond any that is built: whatever pgsim accepts of them has to be right.

A seed gives the same layer, design and scheme for ever. Much of what is drawn no layer or design
can be, and pgsim refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from convolutions import uneven

PES = ("fixed", "fusion", "serial_activation", "serial_weight", "serial_both")
SCHEMES = ("full", "full", "uniform:8,8", "uniform:16,16", "uniform:16,3", "planes:1,1,2/2,2,4")


@dataclass(frozen=True)
class AnyDesign:
    """A layer's manifest fields, dotted keys of a design, a scheme, and how many images."""

    layer: dict[str, Any]
    changes: dict[str, Any]
    scheme: str
    images: int


def any_design(seed: int) -> AnyDesign:
    rng = Random(seed)
    gated = rng.random() < 0.3
    layer = _layer(rng, most=6 if gated else 20)
    layer["gate"] = "output" if gated and layer["activation_bits"] > 1 else "none"
    if layer["gate"] == "output":
        layer["msb_bits"] = rng.randint(1, layer["activation_bits"] - 1)
        layer["gate"] = Random(f"gate {layer}").choice(("output", "output", "input"))
    scheme = rng.choice(("pg", "pg", "dual_dense", "msb_only", "full") if gated else SCHEMES)
    images = rng.randint(1, 4) if gated else _size(rng, 14)
    return AnyDesign(layer, _changes(rng), scheme, images)


def _size(rng: Random, most: int) -> int:
    """A number up to 2 to the power of `most`, small ones as likely as large ones."""
    return max(1, round(2 ** rng.uniform(0, most)) - rng.choice((0, 0, 1)))


def _layer(rng: Random, most: int) -> dict[str, Any]:
    op = rng.choice(("linear", "conv2d", "recurrent"))
    groups = rng.choice((1, 1, 1, _size(rng, 4)))
    layer: dict[str, Any] = {
        "name": "layer",
        "op": op,
        "in_channels": groups * _size(rng, most),
        "out_channels": groups * _size(rng, most),
        "groups": groups,
        "activation_bits": rng.randint(1, 16),
        "weight_bits": rng.randint(1, 16),
    }
    if op != "conv2d":
        return layer | {"positions" if op == "linear" else "time_steps": _size(rng, most)}
    kernel = [_size(rng, most / 4), _size(rng, most / 4)]
    return layer | {
        "in_size": [side + _size(rng, most / 2) for side in kernel],
        "kernel": kernel,
        "stride": [_size(rng, 3), _size(rng, 3)],
        "padding": uneven([rng.choice((0, side // 2)) for side in kernel], (kernel, groups)),
    }


def _changes(rng: Random) -> dict[str, Any]:
    """A design in whose buffers most arrays find room."""
    dataflow, kind = rng.choice(("os", "os", "ws", "is", "bitfusion")), rng.choice(PES)
    rows, columns = _size(rng, 10), _size(rng, 10)
    widths = (2, 4, 8, 16) if kind == "fusion" else range(1, 17)
    doubled = rng.random() < 0.6
    conventions = Random(f"conventions {rows} {columns}")
    changes = {
        "array.rows": rows,
        "array.columns": columns,
        "array.dataflow": dataflow,
        "array.lanes": rng.choice(("channels", "positions")) if dataflow == "os" else "channels",
        "array.overlap": rng.choice(("folds", "folds", "none")),
        "array.first_layer": conventions.choice(("as_others", "im2col")),
        "array.pe.kind": kind,
        "array.pe.max_activation_bits": rng.choice(widths),
        "array.pe.max_weight_bits": rng.choice(widths),
        "array.pe.terms": _size(rng, 10),
        "lsb.scheduler": rng.choice(("dense", "skip", "combine", "queue", "ideal")),
        "lsb.gate_latency_cycles": rng.choice((0, 1, 64)),
        "memory.lsb_fetch": rng.choice(("with_msb", "on_demand")),
        "memory.double_buffered": doubled,
        "memory.counting": conventions.choice(("per_read", "per_read", "per_mac")),
        "memory.dram.bytes_per_cycle": rng.choice((2**-20, 0.3, 1 / 3, 1.7e-5, 16, 2**20)),
        "memory.dram.burst_bytes": _size(rng, 16),
        "batch": _size(rng, rng.choice((4, 16))),
        "clock_mhz": rng.choice((500, 1000, 1e-6, 3000)),
    }
    for buffer in ("activation", "weight", "output"):
        banks, port_bits = _size(rng, rng.choice((4, 16))), 8 * _size(rng, rng.choice((4, 9)))
        least = banks * port_bits
        if buffer == "output":
            least = max(least, 32 * columns * (rows if dataflow == "os" else 1))
        kib = least * (2 if doubled else 1) * rng.choice((0.9, 1, 1, 4, 64, 2**14)) / 8192
        changes |= {
            f"memory.{buffer}_sram.kib": min(kib, 2**20),
            f"memory.{buffer}_sram.banks": banks,
            f"memory.{buffer}_sram.port_bits": port_bits,
        }
    ports = rng.choice(("slots", "all"))
    known = {"os": ("scalesim", "stonne"), "ws": ("scalesim",), "is": ("scalesim",)}
    others = known.get(dataflow, ()) if ports == "slots" else ()
    changes |= {
        "memory.ports": ports,
        "array.convention": conventions.choice(("pgsim", *others)),
        "memory.dram.model": rng.choice(("bandwidth", "pages")),
        "memory.dram.page_bytes": 1 << 16,
    }
    return changes | _predictor(changes)


def _predictor(changes: dict[str, Any]) -> dict[str, Any]:
    """Now and then a predictor, where a design may have one (M59)."""
    rng, rows = Random(f"predictor {changes}"), changes["array.rows"]
    if changes["array.dataflow"] != "os" or rows == 1 or rng.random() < 0.5:
        return {}
    return {
        "array.predictor_share": rng.randint(1, rows - 1) / rows,
        "array.overlap": "folds",
        "array.convention": "pgsim",
        "memory.ports": "slots",
        "memory.double_buffered": True,
    }
