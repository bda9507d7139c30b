"""Which input row lies under a tap of an output row, and likewise column (MODEL.md M1, M50)."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.kernels.compiled import kernel


class Line(NamedTuple):
    """One dimension of a convolution; `padding` is that before its first input."""

    outputs: int
    inputs: int
    taps: int
    stride: int
    padding: int
    dilation: int


class Side(NamedTuple):
    """The rows of a convolution, or its columns: a line of each of several frames, in their order.

    frames: the line of the frames, a point where there is one.
    """

    rows: Line
    frames: Line


@kernel(inner=True)
def under(line, output, tap):
    """Return the input under a tap of an output of a line; padding is -1."""
    place = output * line.stride - line.padding + tap * line.dilation
    if place < 0 or place >= line.inputs:
        return -1
    return place


@kernel(inner=True)
def place_of(side, output, tap):
    """Return the input row under a tap of an output row, all frames' rows counted; padding is -1.

    Taps, as outputs, go frame by frame.
    """
    frame = under(side.frames, output // side.rows.outputs, tap // side.rows.taps)
    row = under(side.rows, output % side.rows.outputs, tap % side.rows.taps)
    if frame < 0 or row < 0:
        return -1
    return frame * side.rows.inputs + row


@kernel(inner=True)
def sizes_of(side):
    """Return the outputs, the inputs and the taps of a side."""
    rows, frames = side.rows, side.frames
    return rows.outputs * frames.outputs, rows.inputs * frames.inputs, rows.taps * frames.taps
