"""Two small layers, random operands of any layer, and the traces with operands and margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgsim.workload import LayerOperands, LayerShape

COMMITTED = {  # images that the operands and margins of a trace of gated outputs are of
    "digits_pg_4_2": 4,
    "resnet20_pg_4_2": 2,
    "resnet20_pg_4_3": 2,
    "resnet20_pg_3_2": 2,
    "char_lstm_pg_4_2": 1,
}
CONV: dict[str, Any] = {
    "name": "conv",
    "op": "conv2d",
    "in_channels": 4,
    "out_channels": 6,
    "in_size": [7, 6],
    "kernel": [3, 2],
    "stride": [2, 1],
    "padding": [1, 2],
    "dilation": [1, 3],
    "groups": 2,
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
}
LINEAR: dict[str, Any] = {
    "name": "linear",
    "op": "linear",
    "in_channels": 5,
    "out_channels": 3,
    "positions": 4,
    "activation_bits": 10,
    "msb_bits": 6,
    "weight_bits": 12,
    "gate": "output",
}


def random_operands(shape: LayerShape, images: int = 2) -> LayerOperands:
    rng = np.random.default_rng(5)
    wide = "16" if shape.activation_bits > 8 else "8"
    low, high = 0, 2**shape.activation_bits
    if shape.signed:
        low, high = -high // 2, high // 2
    half = 2 ** (shape.weight_bits - 1)
    size = shape.in_size or (shape.outputs_per_channel, 1)
    kernels = (shape.out_channels, shape.in_channels // shape.groups, *shape.kernel)
    return LayerOperands(
        shape,
        rng.integers(low, high, (images, shape.in_channels, *size)).astype(
            f"{'' if shape.signed else 'u'}int{wide}"
        ),
        rng.integers(-half, half, kernels).astype("int16" if shape.weight_bits > 8 else "int8"),
        rng.integers(-half, half, shape.out_channels).astype("int32"),
    )
