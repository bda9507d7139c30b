"""Sets of PEs that work rows of a kernel by rows of the input, and which a layer gets (M46)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pgsim.arch.dataflows.dataflow import Fabric, Rate
from pgsim.arch.lanes import Counts
from pgsim.workload import LayerShape
from pgsim.workload.ops.side import Line, Side

Weights = TypeVar("Weights", int, Counts)

_MOST_PLACES = 2**20  # under taps that are looked at together: 8 MiB


@dataclass(frozen=True)
class RowSets:
    """The sets of PEs that a fold fills the array with.

    A set is a kernel's height of PEs by `columns`, one for each of so many output rows. Each of its
    PEs takes turns with `channels` input channels of `filters` output channels. `across` sets of
    other input channels lie above each other, so that their sums add up; `beside` are as many
    groups of those, of other output channels.
    """

    columns: int
    filters: int
    channels: int
    across: int
    beside: int

    @property
    def lanes(self) -> int:
        """Output channels of a fold."""
        return self.filters * self.beside

    def folds(self, shape: LayerShape) -> int:
        """Return the folds that a layer's input channels take."""
        return -(-shape.in_channels_per_group // (self.channels * self.across))

    def strips(self, rows: Counts) -> Counts:
        """Return the strips that so many output rows are cut into, a set's columns each."""
        return -(-rows // self.columns)


@dataclass(frozen=True)
class RowRate(Rate):
    """The rate of a pass that takes strips of output rows.

    strip_slots: of a whole strip. strip_cycles: of a fold, for each strip.
    """

    strip_slots: int = 1
    strip_cycles: int = 1


def window_words(shape: LayerShape) -> int:
    """Return the activations that a PE holds of an input row of one channel: its sliding window."""
    _, columns = shape.run_sides
    return columns.rows.span


@lru_cache(maxsize=1024)
def reached_columns(shape: LayerShape) -> int:
    """Return the pixels of an input row that any output needs; padding is none."""
    _, columns = shape.run_sides
    return int(np.sum(np.unique(columns.places(np.arange(columns.outputs))) >= 0))


def reached_rows(shape: LayerShape, rows: int, columns: int, strips: Counts) -> Counts:
    """Return the input rows that the first of so many strips need together, each strip its own.

    rows: output rows of the run, image after image; those of two images share no input row.
    columns: output rows of a strip, of which the last may have fewer.
    """
    if one_row_each(shape):
        return np.minimum(strips * columns, rows)
    period = _period(shape, columns)
    alike = period.size - 1
    reached: Counts = strips // alike * period[-1] + period[strips % alike]
    whole, rest = divmod(rows, columns)
    if rest:
        begin = np.array([whole * columns % shape.run_out_size[0]])
        missing = _strip_rows(shape, begin, columns) - _strip_rows(shape, begin, rest)
        reached = reached - (strips > whole) * missing
    return reached


def taps_before(shape: LayerShape, rows: Counts) -> Counts:
    """Return the kernel rows that lie on the input at all output rows of a run before these."""
    if one_row_each(shape):
        return rows
    taps = _taps(shape)
    images, rest = np.divmod(rows, shape.run_out_size[0])
    before: Counts = images * taps[-1] + taps[rest]
    return before


def one_row_each(shape: LayerShape) -> bool:
    """Return whether each output row needs one input row: a kernel of one row, without padding."""
    rows, _ = shape.run_sides
    return rows.taps == 1 and not rows.padded


@lru_cache(maxsize=8)  # of 8 MiB each where images have a million rows
def _taps(shape: LayerShape) -> Counts:
    """Return the kernel rows on the input at the output rows of an image before each, int64."""
    rows, _ = shape.run_sides
    inside = np.zeros(rows.outputs, np.int64)
    for tap in range(rows.taps):  # one by one: places under all of them could fill memory
        inside += rows.places(np.arange(rows.outputs), [tap])[:, 0] >= 0
    return np.concatenate(([0], np.cumsum(inside)))


def _image_rows(shape: LayerShape, columns: int) -> int:
    """Return the input rows that the strips of one image need together, each strip its own."""
    out_rows = shape.run_out_size[0]
    if one_row_each(shape):
        return out_rows
    whole, rest = divmod(out_rows, columns)
    reached = int(np.sum(_strip_rows(shape, np.arange(whole) * columns, columns)))
    if rest:
        reached += int(_strip_rows(shape, np.array([whole * columns]), rest)[0])
    return reached


@lru_cache(maxsize=8)
def _period(shape: LayerShape, columns: int) -> Counts:
    """Return the input rows that all strips before each need, until all is as at first."""
    out_rows = shape.run_out_size[0]
    begins = np.arange(math.lcm(columns, out_rows) // columns) * columns % out_rows
    return np.concatenate(([0], np.cumsum(_strip_rows(shape, begins, columns))))


def _strip_rows(shape: LayerShape, begins: Counts, rows: int) -> Counts:
    """Return the input rows of strips of so many rows that begin at these rows of an image."""
    side, _ = shape.run_sides
    _, first, alike = np.unique(
        _alike_strips(side, begins, rows), return_index=True, return_inverse=True
    )
    unlike = begins[first]
    some = max(1, _MOST_PLACES // (rows * side.taps))
    parts = [
        _strip_rows_of(side, unlike[begin : begin + some], rows)
        for begin in range(0, unlike.size, some)
    ]
    return np.concatenate(parts)[alike]


def _alike_strips(side: Side, begins: Counts, rows: int) -> Counts:
    """Return a number for each strip; those that have the same one need as many input rows.

    Strips are alike that begin at the same row of frames of which no tap lies on padding, and
    those within one frame none of whose taps does.
    """
    lines, frames = side.rows, side.frames
    ends = begins + rows - 1
    frame, row = np.divmod(begins, lines.outputs)
    last_frame, last_row = np.divmod(ends, lines.outputs)
    in_frames = _inside(frames, frame, last_frame)
    in_rows = (frame == last_frame) & _inside(lines, row, last_row)
    of_row = np.where(in_rows, lines.outputs, row)
    of_frame = np.where(in_frames, frames.outputs, frame)
    numbers: Counts = of_frame * (lines.outputs + 1) + of_row
    return numbers


def _inside(line: Line, first: Counts, last: Counts) -> npt.NDArray[np.bool_]:
    """Say of stretches of outputs whether there are all of them, and no tap lies on padding."""
    inside: npt.NDArray[np.bool_] = (
        (first * line.stride >= line.before)
        & (last * line.stride - line.before + line.span <= line.inputs)
        & (last < line.outputs)
    )
    return inside


def _strip_rows_of(side: Side, begins: Counts, rows: int) -> Counts:
    """Return the input rows of strips, from where each of their taps lies."""
    own = begins[:, None] + np.arange(rows)
    places = side.places(own.reshape(-1) % side.outputs).reshape(begins.size, -1)
    images = np.repeat(own // side.outputs, side.taps, axis=1)
    names = np.sort(np.where(places >= 0, images * side.inputs + places, -1), axis=1)
    reached: Counts = np.sum(np.diff(names, axis=1, prepend=-1) != 0, axis=1)
    return reached


def load_cycles(weights: Weights, fabric: Fabric) -> Weights:
    """Return the cycles in which so many weights come to the PEs."""
    return -(-weights * fabric.word_bits // fabric.weight_port_bits)


@lru_cache(maxsize=1024)
def row_sets(shape: LayerShape, fabric: Fabric) -> RowSets | None:
    """Return the sets that a layer gets on an array, None where not even one PE has room.

    Those are chosen that take the fewest cycles of an image, the array's or the activation port's,
    whichever is the slower; of those that agree, the ones with the fewest words from and to the
    buffers. Source: MODEL.md M46.
    """
    best: tuple[tuple[int, ...], RowSets] | None = None
    for columns in _fewest(shape.run_out_size[0], fabric.columns).tolist():
        for found in _best_of(shape, fabric, columns):
            best = found if best is None or found[0] < best[0] else best
    return None if best is None else best[1]


def _fewest(whole: int, most: int) -> Counts:
    """Return the sizes of pieces, up to `most`, that are the least for their number of pieces."""
    sizes = np.arange(1, min(whole, most) + 1)
    fewest: Counts = np.unique(-(-whole // -(-whole // sizes)))
    return fewest


def _best_of(
    shape: LayerShape, fabric: Fabric, columns: int
) -> Iterator[tuple[tuple[int, ...], RowSets]]:
    """Yield the best sets of so many columns and each number of channels, with their ranks."""
    (out_rows, out_columns), (kernel_h, kernel_w) = shape.run_out_size, shape.kernel_size
    inputs, outputs = shape.in_channels_per_group, shape.channels_per_group
    storeys, room = fabric.rows // kernel_h, fabric.sums // (columns * out_columns)
    strips = -(-out_rows // columns)
    rows = _image_rows(shape, columns)
    for channels in range(1, min(inputs, fabric.activation_words // window_words(shape)) + 1):
        words = min(fabric.sum_words, fabric.weight_words // (channels * kernel_w))
        if min(storeys, room, words) < 1:
            return
        across = _fewest(-(-inputs // channels), storeys)[:, None]
        filters = np.arange(1, min(outputs, words, room) + 1)
        beside = np.minimum(storeys // across * (fabric.columns // columns), room // filters)
        beside = np.minimum(beside, -(-outputs // filters))
        lanes = filters * beside
        folds, groups = -(-inputs // (channels * across)), -(-outputs // lanes)
        taken = strips * folds * groups
        steady = taken * (out_columns * kernel_w * channels) * filters
        read = groups * (inputs * reached_columns(shape) * rows)
        cycles = np.maximum(steady, -(-read * fabric.word_bits // fabric.activation_port_bits))
        loads = taken * load_cycles(lanes * across * (channels * kernel_h * kernel_w), fabric)
        cycles = cycles - (-loads // (room // lanes))
        moved = read + folds * (2 * outputs * out_rows * out_columns)
        ranks = np.broadcast_arrays(cycles, moved, filters, channels, across, beside)
        flat = [each.reshape(-1) for each in ranks]
        place = np.lexsort(flat[4::-1])[0]
        rank = tuple(int(each[place]) for each in flat)
        yield (*rank[:5], columns), RowSets(columns, rank[2], rank[3], rank[4], rank[5])
