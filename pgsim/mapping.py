"""Mapping: a layer onto the array's tiles, and its gate mask onto slots and lanes (M6 to M10).

Counts of tiles are int64 arrays (runs, groups, lane groups, windows), in the order in which tiles
execute; `Tiling` says how large each is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig, Array
from pgsim.kernels.layout import interleave_images, join_images, transpose_positions
from pgsim.workload import LayerShape, LayerTrace

Counts = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Tiling:
    """How the batches of one layer are cut into tiles.

    batch: images of each batch. runs: of each batch (M6). groups: of the convolution.
    slots_are_positions: else slots are channels and lanes positions (M7).
    lane_group_lanes: int64 (lane groups,); window_slots: int64 (windows,), of one run and group.
    """

    batch: int
    runs: int
    groups: int
    slots_are_positions: bool
    lane_group_lanes: Counts
    window_slots: Counts

    @property
    def slots(self) -> int:
        """Slots of one run and group."""
        return int(self.window_slots.sum())

    @property
    def lanes(self) -> int:
        """Lanes of one run and group."""
        return int(self.lane_group_lanes.sum())

    def tiles(self, batches: int) -> tuple[int, int, int, int]:
        """Return the shape of an array with one entry per tile of that many batches."""
        return (
            batches * self.runs,
            self.groups,
            self.lane_group_lanes.size,
            self.window_slots.size,
        )

    @property
    def outputs(self) -> Counts:
        """Outputs of each tile, int64 (1, 1, lane groups, windows)."""
        return (self.lane_group_lanes[:, None] * self.window_slots)[None, None]

    @property
    def bounds(self) -> tuple[Counts, Counts]:
        """Where lane groups and windows begin in a batch, as the kernels take them.

        Lanes that are channels lie group by group, and slots run by run; else the other way round.
        """
        if self.slots_are_positions:
            return _bounds(self.lane_group_lanes, self.groups), _bounds(
                self.window_slots, self.runs
            )
        return _bounds(self.lane_group_lanes, self.runs), _bounds(self.window_slots, self.groups)

    def by_tile(self, counts: Counts) -> Counts:
        """Bring a kernel's counts (batches, lane groups, windows) into the order of tiles."""
        batches, lane_groups, windows = (
            len(counts),
            self.lane_group_lanes.size,
            self.window_slots.size,
        )
        if self.slots_are_positions:
            nested = counts.reshape(batches, self.groups, lane_groups, self.runs, windows)
            nested = nested.transpose(0, 3, 1, 2, 4)
        else:
            nested = counts.reshape(batches, self.runs, lane_groups, self.groups, windows)
            nested = nested.transpose(0, 1, 3, 2, 4)
        return np.ascontiguousarray(nested).reshape(self.tiles(batches))


def tile(shape: LayerShape, arch: ArchConfig, batch: int, passes: int) -> Tiling:
    """Return the tiles of a layer in batches of `batch` images, under a scheme of 1 or 2 passes.

    A layer of one pass has no LSB window: its tiles are as large as the output buffer allows.
    Source: MODEL.md M6 to M9.
    """
    recurrent = shape.op == "recurrent"
    positions = batch if recurrent else batch * shape.outputs_per_channel
    channels = shape.channels_per_group
    slots_are_positions = arch.array.lanes_are_channels
    slots, lanes = (positions, channels) if slots_are_positions else (channels, positions)
    window = arch.lsb.window if passes > 1 else "auto"
    return Tiling(
        batch=batch,
        runs=shape.outputs_per_channel if recurrent else 1,
        groups=shape.groups,
        slots_are_positions=slots_are_positions,
        lane_group_lanes=_pieces(lanes, arch.array.columns),
        window_slots=_pieces(slots, arch.window_capacity if window == "auto" else window),
    )


def scheduler_rows(mask: Words, shape: LayerShape, tiling: Tiling) -> Words:
    """Return a mask as the schedulers take it: for each lane its slots, packed.

    mask: uint64 (images, channels, words) as a trace holds it, images a multiple of the batch.
    Returns uint64 (batches, lanes, words); the mask itself, without a copy, where a lane is a
    channel and a batch one image. Source: MODEL.md M6, M7.
    """
    batches, positions = len(mask) // tiling.batch, shape.outputs_per_channel
    if tiling.slots_are_positions:
        if tiling.batch == 1:
            return mask
        order = interleave_images if shape.op == "recurrent" else join_images
        rows: Words = order(mask, tiling.batch, positions)
        return rows
    turned: Words = transpose_positions(mask, positions)
    nested = turned.reshape(batches, tiling.batch, positions, turned.shape[-1])
    if shape.op == "recurrent":  # lanes are the images of one time step after the other
        nested = np.ascontiguousarray(nested.swapaxes(1, 2))
    return nested.reshape(batches, tiling.batch * positions, turned.shape[-1])


def lane_rows(layer: LayerTrace, arch: ArchConfig, tiling: Tiling, calibration: int) -> Counts:
    """Return the row of each lane in lane-group order, int64 (lanes of a batch,).

    calibration: the number of first images on which `lane_order: density` measures each channel;
    it sorts the channels of each group, highest mean density first, ties by index (M7).
    """
    lanes = tiling.lanes * (tiling.groups if tiling.slots_are_positions else tiling.runs)
    rows = np.arange(lanes, dtype=np.int64)
    if arch.lsb.lane_order == "raster":
        return rows
    density = layer.channel_density(0, calibration).reshape(tiling.groups, -1)
    order = np.argsort(-density, axis=1, kind="stable")
    return rows.reshape(tiling.groups, -1)[np.arange(tiling.groups)[:, None], order].reshape(-1)


def pe_steps(shape: LayerShape, array: Array, macs_per_step: int) -> int:
    """Return the steps that hold one output's reduction, so many MACs each (M15).

    Under `bitfusion` no step holds input channels of two kernel taps.
    """
    if array.dataflow == "bitfusion":
        taps = shape.kernel[0] * shape.kernel[1]
        return taps * ceil_div(shape.in_channels_per_group, macs_per_step)
    return ceil_div(shape.reduction, macs_per_step)


def reduction_folds(shape: LayerShape, array: Array, macs_per_pe: int) -> int:
    """Return the folds of the reduction at L = `macs_per_pe`: steps of a whole column (M10).

    1 under `os`, whose PEs take the whole reduction.
    """
    return 1 if array.dataflow == "os" else pe_steps(shape, array, array.rows * macs_per_pe)


def ceil_div(numerator: int, denominator: int) -> int:
    """Divide integers, rounded up."""
    return -(-numerator // denominator)


def _pieces(total: int, size: int) -> Counts:
    """Cut `total` into pieces of `size`, the last one smaller or equal."""
    pieces = np.full(ceil_div(total, size), size, np.int64)
    pieces[-1] = total - size * (pieces.size - 1)
    return pieces


def _bounds(sizes: Counts, repeats: int) -> Counts:
    return np.concatenate([[0], np.cumsum(np.tile(sizes, repeats))]).astype(np.int64)
