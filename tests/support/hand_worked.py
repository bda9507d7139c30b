"""The design, the layers and the figures of cases that are worked by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from reference import Pass, Plane, simulate_layer
from reference.layers import Scheme

WHOLE, TOP, LOW = Plane(0, 8), Plane(4, 4), Plane(0, 4)  # of an operand of 8 bits

# A 4 x 2 array of 8 x 8 fixed PEs (L = T = 1) whose buffers and DRAM never stand in the way.
ARCH: dict[str, Any] = {
    "array": {
        "rows": 4,
        "columns": 2,
        "dataflow": "os",
        "lanes": "channels",
        "overlap": "folds",
        "pe": {"kind": "fixed", "max_activation_bits": 8, "max_weight_bits": 8, "terms": 16},
    },
    "lsb": {
        "scheduler": "skip",
        "ways": 2,
        "open": 2,
        "depth": 2,
        "scan": 4,
        "window": "auto",
        "lane_order": "raster",
    },
    "memory": {
        "activation_sram": {"kib": 64, "banks": 16, "port_bits": 64},
        "weight_sram": {"kib": 64, "banks": 16, "port_bits": 64},
        "output_sram": {"kib": 64, "banks": 16, "port_bits": 64},
        "lsb_fetch": "with_msb",
        "double_buffered": True,
        "dram": {"kind": "lpddr4", "bytes_per_cycle": 16, "burst_bytes": 16},
    },
    "batch": 1,
    "output_bits": None,
}


def arch(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """ARCH with changes, each at its dotted path."""
    changed = deepcopy(ARCH)
    for path, value in (changes or {}).items():
        *parents, key = path.split(".")
        node = changed
        for parent in parents:
            node = node[parent]
        node[key] = value
    return changed


def linear(positions: int, channels: int, reduction: int, **fields: Any) -> dict[str, Any]:
    """A gated layer of 8 x 8 bits, split at 4."""
    layer = {
        "name": "linear",
        "op": "linear",
        "positions": positions,
        "in_channels": reduction,
        "out_channels": channels,
        "groups": 1,
        "activation_bits": 8,
        "msb_bits": 4,
        "weight_bits": 8,
        "gate": "output",
    }
    return layer | fields


def dense(activation: Plane, weight: Plane = WHOLE) -> Pass:
    return Pass(activation, weight)


def gated(activation: Plane, weight: Plane = WHOLE) -> Pass:
    return Pass(activation, weight, gated=True)


def simulate(
    layer: dict[str, Any],
    changes: dict[str, Any] | None = None,
    scheme: Scheme = "full",
    *,
    images: int = 1,
    mask: Any = None,
    calibration_mask: Any = None,
    output_bits: int = 8,
) -> dict[str, int]:
    """The reference's counts of one layer on ARCH with changes."""
    return simulate_layer(
        layer,
        arch(changes),
        scheme,
        images=images,
        output_bits=output_bits,
        mask=mask,
        calibration_mask=calibration_mask,
    )


def steady_and_bubbles(counts: dict[str, int]) -> tuple[int, int, int]:
    """The cycles of the first pass, of all others, and the bubbles, where no port stalls."""
    assert counts["port_stall_cycles"] == 0
    return counts["msb_cycles"], counts["lsb_cycles"], counts["bubble_cycles"]


def port(activations_per_cycle: int) -> dict[str, Any]:
    """A port that brings so many activations of 8 bits in a cycle."""
    return {
        "memory.activation_sram.banks": activations_per_cycle,
        "memory.activation_sram.port_bits": 8,
    }
