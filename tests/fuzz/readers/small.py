"""Small traces and designs that inputs are made from, or run on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from shipped import in_fixed_order
from trace_cases import LAYERS, conv_fields, tiny_masks, tiny_trace

from pgsim import ArchConfig, GateTrace
from pgsim.workload import LayerOperands, LayerShape, Operands, trace_with_operands
from pgsim.workload.operands import THRESHOLD_DTYPE, operand_dtype

SCHEMES = ("full", "pg")
MOST_MACS = 2**24  # of what is simulated, or computed outright


@cache
def small_design() -> ArchConfig:
    """The reference design in the fixed order, as an array of 4 x 4 with batches of two images."""
    return in_fixed_order("pg_os", {"array.rows": 4, "array.columns": 4, "batch": 2})


@cache
def gated_trace() -> GateTrace:
    """A trace that every scheme takes: no gated inputs."""
    layers = [LAYERS[0], LAYERS[1], LAYERS[3]]
    masks = {name: mask for name, mask in tiny_masks(3).items() if name != "region"}
    return GateTrace.from_masks(masks, layers, mask_source="captured", name="tiny")


@cache
def fed_trace() -> GateTrace:
    """The same trace with integers, for PEs that go by values."""
    trace, numbers = gated_trace(), np.random.default_rng(5)
    own = tuple(_integers(layer.shape, trace.images, numbers) for layer in trace.layers)
    return trace_with_operands(trace, Operands(trace.name, "0" * 64, 0, own))


def _integers(shape: LayerShape, images: int, numbers: np.random.Generator) -> LayerOperands:
    """Random operands of a layer."""
    inputs = (images, shape.in_channels, *shape.image_in_size)
    kernels = (shape.out_channels, shape.in_channels_per_group, *shape.kernel_size)
    lowest = -(2 ** (shape.activation_bits - 1)) * shape.signed
    activations = numbers.integers(lowest, lowest + 2**shape.activation_bits, inputs)
    weights = numbers.integers(
        -(2 ** (shape.weight_bits - 1)), 2 ** (shape.weight_bits - 1), kernels
    )
    return LayerOperands(
        shape,
        activations.astype(operand_dtype(shape.activation_bits, shape.signed)),
        weights.astype(operand_dtype(shape.weight_bits, signed=True)),
        np.zeros(shape.out_channels if shape.gated else 0, THRESHOLD_DTYPE),
    )


def small_traces() -> tuple[GateTrace, ...]:
    """Traces of all ops and gates, of one image and several, with masks and without."""
    linear = {
        "name": "fc",
        "op": "linear",
        "in_channels": 6,
        "out_channels": 3,
        "positions": 70,
        "activation_bits": 8,
        "msb_bits": 4,
        "weight_bits": 8,
        "gate": "output",
    }
    mask = np.random.default_rng(1).random((1, 3, 70)) < 0.5
    geometry = {"kernel": [3, 2], "stride": [2, 1], "padding": [1, 0], "groups": 1}
    wide = conv_fields("wide", in_size=[8, 9], out_channels=2, **geometry)
    zeros = {"activation": [[0, 4, 0.5], [2, 2, 0.75], [0, 2, 0.5]], "weight": [[0, 8, 0.125]]}
    wired = [
        conv_fields("first", "none", in_channels=4),
        conv_fields("second", in_channels=4, inputs=["first", "network"], zeros=zeros),
        conv_fields("third", "none", in_channels=4, inputs=["second", "first"]),
    ]
    wired_mask = np.random.default_rng(3).random((2, 4, 9, 8)) < 0.4
    wide_mask = np.random.default_rng(2).random((2, 2, 4, 8)) < 0.2
    column = {"op": "conv1d", "in_size": [9], "kernel": [3], "padding": [0, 2]}
    frames = {"op": "conv3d", "in_size": [2, 4, 3], "kernel": [2, 2, 1], "padding": [1, 0, 0]}
    axes = [conv_fields("column", "none", **column), conv_fields("frames", **frames)]
    uneven = conv_fields("uneven", "none", padding=[0, 1, 2, 0])
    return (
        tiny_trace(),
        tiny_trace(1),
        gated_trace(),
        GateTrace.from_masks({"fc": mask}, [linear], model="m", provenance={"a": {"b": [1.5]}}),
        GateTrace.from_masks({"wide": wide_mask}, [wide], mask_source="synthetic"),
        GateTrace.from_masks({}, [conv_fields("plain", "none")], images=4),
        GateTrace.from_masks({"second": wired_mask}, wired),
        GateTrace.from_masks({"frames": _frames_mask(axes[1])}, [*axes, uneven]),
    )


def _frames_mask(frames: dict[str, Any]) -> np.ndarray:
    """A mask of one image: 3 frames of 3 x 3 outputs of each channel."""
    shape = (1, frames["out_channels"], 3, 3, 3)
    mask: np.ndarray = np.random.default_rng(4).random(shape) < 0.4
    return mask


def written(write: Callable[[Path], Any], suffix: str) -> bytes:
    """Return the bytes of the one file that a function writes to a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        write(path)
        return path.read_bytes()


def is_small(images: int, shapes: tuple[LayerShape, ...]) -> bool:
    """Say whether layers over so many images are few enough to be computed at once."""
    sizes = (images * (each.macs + each.mask_positions + each.group_inputs) for each in shapes)
    return sum(sizes) <= MOST_MACS
