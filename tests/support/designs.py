"""What hand-worked tests build their cases from, so that each says only what its case is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgsim import ArchConfig, GateTrace, LayerShape
from pgsim.workload import layer_shape

# A 4 x 2 array of fixed 8 x 8 PEs (L = T = 1) whose buffers and ports never stand in the way. Any
# transfer takes one cycle: a run shows one for its first read and one for its last write.
_ROOMY = {"kib": 64, "banks": 64, "port_bits": 512}
_DESIGN: dict[str, Any] = {
    "name": "test-4x2",
    "clock_mhz": 500,
    "technology": "45nm",
    "array": {
        "rows": 4,
        "columns": 2,
        "dataflow": "os",
        "pe": {"kind": "fixed", "max_activation_bits": 8, "max_weight_bits": 8},
    },
    "memory": {
        "activation_sram": _ROOMY,
        "weight_sram": _ROOMY,
        "output_sram": _ROOMY,
        "dram": {"kind": "lpddr4", "bytes_per_cycle": 2**20, "burst_bytes": 16},
    },
}

_BITS = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8, "gate": "output"}


def design(changes: Mapping[str, Any] | None = None) -> ArchConfig:
    """The 4 x 2 array, `os` and `skip`, with some dotted keys changed."""
    return ArchConfig.model_validate(_DESIGN).override({"name": "test-4x2", **(changes or {})})


def linear(positions: int, in_channels: int, out_channels: int, **fields: Any) -> LayerShape:
    """A gated layer of tokens, 4 bits of which 2 are MSBs, 8-bit weights; D is `in_channels`."""
    sizes = {"positions": positions, "in_channels": in_channels, "out_channels": out_channels}
    return layer_shape({"name": "linear", "op": "linear"} | sizes | _BITS | fields)


def recurrent(time_steps: int, in_channels: int, out_channels: int, **fields: Any) -> LayerShape:
    """A gated recurrent layer of those widths."""
    sizes = {"time_steps": time_steps, "in_channels": in_channels, "out_channels": out_channels}
    return layer_shape({"name": "recurrent", "op": "recurrent"} | sizes | _BITS | fields)


def conv(
    in_channels: int, out_channels: int, in_size: int, kernel: int, **fields: Any
) -> LayerShape:
    """A gated convolution of those widths, square, stride 1, without padding."""
    sizes = {"in_size": [in_size] * 2, "kernel": [kernel] * 2}
    channels = {"in_channels": in_channels, "out_channels": out_channels}
    return layer_shape({"name": "conv", "op": "conv2d"} | sizes | channels | _BITS | fields)


def drawn(*images: str) -> np.ndarray:
    """A mask drawn image by image: a word per channel, a character per position, `x` for 1."""
    return np.array([[[bit == "x" for bit in row] for row in image.split()] for image in images])


def filled(layer: LayerShape, value: bool, images: int = 1) -> np.ndarray:
    """A mask that is the same everywhere."""
    return np.full((images, layer.mask_channels, layer.mask_positions), value)


def random_mask(layer: LayerShape, images: int, seed: int = 0) -> np.ndarray:
    """A mask of some density drawn from a seed."""
    shape = (images, layer.mask_channels, layer.mask_positions)
    return np.random.default_rng(seed).random(shape) < 0.3


def trace_of(layer: LayerShape, mask: np.ndarray | None = None, **about: Any) -> GateTrace:
    """A trace of one layer; of one image if there is no mask and `images` does not say."""
    if mask is None:
        return GateTrace.from_masks({}, [layer], **{"images": 1} | about)
    return GateTrace.from_masks({layer.name: mask}, [layer], **about)
