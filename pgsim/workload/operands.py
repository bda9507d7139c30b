"""Integer operands of layers: what a trace's masks are computed from, without its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pgsim.workload.layer import LayerShape

Integers = npt.NDArray[np.integer[Any]]

THRESHOLD_DTYPE = np.dtype(np.int32)


@dataclass(frozen=True, eq=False)
class LayerOperands:
    """One layer's operands: its gate, if it has one, is O_hb > threshold, on integers.

    Positions of a linear layer or a product and time steps of a recurrent one are one column, their
    kernels are 1 x 1. Source: MODEL.md M1, M2, M38.

    Attributes
    ----------
    shape : LayerShape
        Geometry and widths.
    activations : uint8 array (images, in_channels, height, width)
        int8 where the layer is signed; 16 bits wide where its activations have more than 8.
    weights : int8 array (out_channels, in_channels / groups, kernel height, kernel width)
        int16 where they have more than 8 bits.
    thresholds : int32 array (out_channels,)
        None where the inputs are gated, whose mask is decided elsewhere, or nothing is: (0,).
    opens_near_zero : bool
        Whether the gate compares -|O_hb| instead (M38).
    """

    shape: LayerShape
    activations: Integers
    weights: Integers
    thresholds: Integers
    opens_near_zero: bool = False

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        return self.activations.nbytes + self.weights.nbytes + self.thresholds.nbytes


@dataclass(frozen=True, eq=False)
class Operands:
    """Operands of a trace's layers, whose image i is image `first_image` + i of the trace.

    `trace` is the trace's name, `trace_sha256` the SHA-256 of its file in hexadecimal digits.
    """

    trace: str
    trace_sha256: str
    first_image: int
    layers: tuple[LayerOperands, ...]

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.layers[0].activations)


def operand_dtype(bits: int, signed: bool) -> np.dtype[Any]:
    """Return the dtype that holds integers of 1 to 16 bits: 8 bits wide where that will do."""
    return np.dtype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")


def gate_mask(operands: LayerOperands) -> npt.NDArray[np.bool_]:
    """Return a layer's gate mask, bool (images, out_channels, height, width), in exact integers.

    An output's gate is 1 where W * I_hb exceeds its channel's threshold (PG, section 3), or
    -|W * I_hb| does if the gate `opens_near_zero` (M38).

    >>> from pgsim.workload import load_operands
    >>> gate_mask(load_operands("digits_pg_4_2").layers[0]).shape
    (4, 32, 8, 8)
    """
    thresholds = operands.thresholds.astype(np.int64)[:, None, None]
    mask: npt.NDArray[np.bool_] = compared_sums(operands) > thresholds
    return mask


def compared_sums(operands: LayerOperands) -> npt.NDArray[np.int64]:
    """Return what thresholds are compared with: O_hb, or -|O_hb| if the gate `opens_near_zero`.

    The shape is that of `msb_sums`.
    """
    sums = msb_sums(operands)
    return -np.abs(sums) if operands.opens_near_zero else sums


def msb_sums(operands: LayerOperands) -> npt.NDArray[np.int64]:
    """Return a layer's partial sums O_hb = W * I_hb, int64 (images, out_channels, height, width).

    I_hb = I >> lsb_bits (M2). The sums are exact.
    """
    shape = operands.shape
    high = operands.activations.astype(np.int64) >> shape.lsb_bits
    rows = operands.weights.astype(np.int64).reshape(shape.groups, -1, shape.reduction)
    sums: npt.NDArray[np.int64] = rows @ _reductions(shape, high)
    return sums.reshape(len(high), -1, *shape.out_size)


def reductions_by_tap(shape: LayerShape, activations: Integers) -> Integers:
    """Return what each output multiplies by its weights, kernel tap by kernel tap.

    activations: (images, in_channels, height, width). Returns (images, groups, positions,
    reduction), in which the channels of a group follow each other within each tap.
    """
    taps = _taps(shape, activations)
    images, _, *kernel, height, width = taps.shape
    by_group = taps.reshape(images, shape.groups, -1, *kernel, height, width)
    by_position = by_group.transpose(0, 1, 5, 6, 3, 4, 2)
    return by_position.reshape(images, shape.groups, height * width, shape.reduction)


def _reductions(shape: LayerShape, activations: Integers) -> Integers:
    """Return what each output multiplies by its weights: (images, groups, reduction, positions)."""
    taps = _taps(shape, activations)
    return taps.reshape(len(taps), shape.groups, shape.reduction, -1)


def _taps(shape: LayerShape, activations: Integers) -> Integers:
    """Return what lies under each tap: (images, channels, kernel height, width, height, width)."""
    padded = np.pad(activations, [(0, 0), (0, 0), (0, 1), (0, 1)])  # at -1: zeros
    rows, columns = (side.places(np.arange(side.outputs)).T for side in shape.sides)
    taps: Integers = padded[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return taps
