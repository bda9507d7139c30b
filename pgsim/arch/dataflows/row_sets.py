"""Sets of PEs that work rows of a kernel by rows of the input, and which a layer gets (M46)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from pgsim.arch.dataflows.dataflow import Fabric, Rate
from pgsim.arch.lanes import Counts
from pgsim.workload import LayerShape

Weights = TypeVar("Weights", int, Counts)


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
    return shape.dilation[1] * (shape.kernel[1] - 1) + 1


@lru_cache(maxsize=1024)
def reached_columns(shape: LayerShape) -> int:
    """Return the pixels of an input row that any output needs; padding is none."""
    return int(_reached(shape, 1, np.arange(shape.run_out_size[1])).size)


@lru_cache(maxsize=1024)
def taps_of_rows(shape: LayerShape) -> Counts:
    """Return the kernel rows that lie on the input, at each output row of an image."""
    height, _ = shape.run_in_size
    places = _places(shape, 0, np.arange(shape.run_out_size[0]))
    counts: Counts = np.sum((places >= 0) & (places < height), axis=1)
    return counts


@lru_cache(maxsize=1024)
def reached_rows(shape: LayerShape, rows: int, columns: int) -> Counts:
    """Return the input rows that each strip of so many output rows needs, int64 (strips,).

    The rows of a run lie image after image; those of two images share no input row.
    """
    out_rows = shape.run_out_size[0]
    strips, last = -(-rows // columns), (rows - 1) % columns + 1
    period = math.lcm(columns, out_rows) // columns  # strips after which all is as at first
    alike = min(period, strips)
    own_strips = _reached_by_strip(shape, 0, alike * columns, columns)
    reached = np.resize(np.bincount(own_strips, minlength=alike), strips)
    begin = (strips - 1) * columns
    reached[-1] = _reached_by_strip(shape, begin, begin + last, columns).size
    return reached


def _reached_by_strip(shape: LayerShape, begin: int, end: int, columns: int) -> Counts:
    """Return the strip of each input row that output rows `begin` to `end` - 1 of a run need."""
    out_rows, height = shape.run_out_size[0], shape.run_in_size[0]
    rows = np.arange(begin, end)
    places = _places(shape, 0, rows % out_rows)
    strips, images = rows // columns, rows // out_rows
    names = ((strips * (end // out_rows + 1) + images) * height)[:, None] + places
    distinct = np.unique(names[(places >= 0) & (places < height)])
    found: Counts = distinct // height // (end // out_rows + 1)
    return found - begin // columns


def _reached(shape: LayerShape, side: int, outputs: Counts) -> Counts:
    """Return the input rows (side 0) or columns (1) under the kernel at these output ones."""
    places = _places(shape, side, outputs)
    inside = (places >= 0) & (places < shape.run_in_size[side])
    found: Counts = np.unique(places[inside])
    return found


def _places(shape: LayerShape, side: int, outputs: Counts) -> Counts:
    """Return where a kernel's taps lie at output rows or columns, int64 (outputs, taps)."""
    taps = np.arange(shape.kernel[side]) * shape.dilation[side] - shape.padding[side]
    places: Counts = outputs[:, None] * shape.stride[side] + taps
    return places


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
    for columns in _set_columns(shape.run_out_size[0], fabric.columns):
        for found in _best_of(shape, fabric, columns):
            best = found if best is None or found[0] < best[0] else best
    return None if best is None else best[1]


def _set_columns(out_rows: int, columns: int) -> list[int]:
    """Return the columns a set may have: the fewest for each number of strips of an image."""
    return sorted({-(-out_rows // -(-out_rows // each)) for each in range(1, columns + 1)})


def _best_of(
    shape: LayerShape, fabric: Fabric, columns: int
) -> Iterator[tuple[tuple[int, ...], RowSets]]:
    """Yield the best sets of so many columns, if any have room, with what they are ranked by."""
    (out_rows, out_columns), (kernel_h, kernel_w) = shape.run_out_size, shape.kernel
    inputs, outputs = shape.in_channels_per_group, shape.channels_per_group
    storeys = fabric.rows // kernel_h
    most_channels = min(inputs, fabric.activation_words // window_words(shape))
    most_filters = min(outputs, fabric.sum_words, fabric.weight_words // kernel_w)
    if min(storeys, most_channels, most_filters) < 1:
        return
    channels = np.arange(1, most_channels + 1)[:, None, None]
    across = np.arange(1, min(storeys, inputs) + 1)[None, :, None]
    filters = np.arange(1, most_filters + 1)[None, None, :]
    room = fabric.sums // (columns * out_columns)  # output channels whose sums fit
    beside = np.minimum(storeys // across * (fabric.columns // columns), room // filters)
    beside = np.minimum(beside, -(-outputs // filters))
    fits = (filters * channels * kernel_w <= fabric.weight_words) & (beside >= 1)
    fits = fits & ((across - 1) * channels < inputs)
    if not fits.any():
        return
    folds = -(-inputs // (channels * across))
    groups = -(-outputs // np.maximum(filters * beside, 1))
    strip_rows = reached_rows(shape, out_rows, columns)
    steady = strip_rows.size * folds * groups * (out_columns * kernel_w) * filters * channels
    read = groups * (inputs * reached_columns(shape) * int(strip_rows.sum()))
    cycles = np.maximum(steady, -(-read * fabric.word_bits // fabric.activation_port_bits))
    lanes = np.maximum(filters * beside, 1)
    window_strips = np.maximum(room // lanes, 1)
    weights = lanes * channels * across * (kernel_h * kernel_w)
    loads = strip_rows.size * folds * groups * load_cycles(weights, fabric)
    cycles = cycles - (-loads // window_strips)
    moved = read + folds * (2 * outputs * out_rows * out_columns)
    ranks = np.broadcast_arrays(cycles, moved, filters, channels, across, beside)
    flat = [each[fits] for each in ranks]
    place = np.lexsort(flat[4::-1])[0]
    rank = tuple(int(each[place]) for each in flat)
    yield (*rank[:5], columns), RowSets(columns, rank[2], rank[3], rank[4], rank[5])
