"""Tiles: how the batches of a layer are cut into runs, lane groups and windows (M6 to M9).

Counts of tiles are int64 arrays (runs, groups, lane groups, windows), in the order in which tiles
execute; `Tiling` says how large each is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np

from pgsim.arch import ArchConfig, Counts, Lanes
from pgsim.lazy import lazy
from pgsim.workload import LayerShape

Tiles = tuple[int, int, int, int]  # the shape of an array of all tiles

_FEW = 256  # tiles of a run and group, that take some KiB


class Cut(NamedTuple):
    """A stretch of slots or lanes, `total` of them, cut into pieces of `size`, the last smaller."""

    total: int
    size: int

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return -(-self.total // self.size)

    @property
    def largest(self) -> int:
        """The size of the first piece, which no other exceeds."""
        return min(self.total, self.size)

    @property
    def sizes(self) -> Counts:
        """The size of each piece, int64 (pieces,)."""
        sizes = np.empty(self.pieces, np.int64)
        sizes[:-1] = self.size
        sizes[-1] = self.total - self.size * (self.pieces - 1)
        sizes.flags.writeable = False  # several tilings may share them
        return sizes


@dataclass(frozen=True)
class Tiling:
    """How the batches of one layer are cut into tiles.

    batch: images of each batch. runs: of each batch (M6). groups: of the convolution.
    lanes: what lanes and slots are (M7). lane_group_lanes: int64 (lane groups,); window_slots:
    int64 (windows,), of one run and group.
    """

    batch: int
    runs: int
    groups: int
    lanes: Lanes
    lane_group_lanes: Counts
    window_slots: Counts

    order: ClassVar[None] = None  # positions are in their own order

    @lazy
    def batch_lanes(self) -> int:
        """Lanes of a batch, over its runs or groups."""
        of_lanes, _ = self.lanes.repeats(self.runs, self.groups)
        return int(self.lane_group_lanes.sum()) * of_lanes

    @lazy
    def run_tiles(self) -> int:
        """Tiles of one run."""
        return self.groups * self.lane_group_lanes.size * self.window_slots.size

    def tiles(self, batches: int) -> Tiles:
        """Return the shape of an array with one entry per tile of that many batches."""
        return (
            batches * self.runs,
            self.groups,
            self.lane_group_lanes.size,
            self.window_slots.size,
        )

    @lazy
    def outputs(self) -> Counts:
        """Outputs of each tile, int64 (1, 1, lane groups, windows)."""
        return (self.lane_group_lanes[:, None] * self.window_slots)[None, None]

    @lazy
    def tile_slots(self) -> Counts:
        """Slots of each tile, int64 (1, 1, 1, windows)."""
        return self.by_window(self.window_slots)

    def by_window(self, counts: Counts) -> Counts:
        """Return counts of windows, of all runs or run by run, as those of tiles.

        counts: (windows,) or (runs, windows). Returns int64 (1 or runs, 1, 1, windows).
        """
        return np.atleast_2d(counts)[:, None, None]

    @lazy
    def tile_lanes(self) -> Counts:
        """Lanes of each tile, int64 (1, 1, lane groups, 1)."""
        return self.lane_group_lanes[None, None, :, None]

    @property
    def bounds(self) -> tuple[Counts, Counts]:
        """Where lane groups and windows begin in a batch, as the kernels take them."""
        of_lanes, of_slots = self.lanes.repeats(self.runs, self.groups)
        return bounds_of(self.lane_group_lanes, of_lanes), bounds_of(self.window_slots, of_slots)

    def by_tile(self, counts: Counts) -> Counts:
        """Bring a kernel's counts (batches, lane groups, windows) into the order of tiles."""
        return self.lanes.by_tile(counts, self.runs, self.groups)


def cuts(
    shape: LayerShape, arch: ArchConfig, batch: int, passes: int, window: int | None = None
) -> tuple[Cut, Cut]:
    """Return how the lanes and the slots of one run and group are cut, without holding a tile.

    window: its slots; without it they are the design's. A layer of one pass has no LSB window: its
    tiles are as large as the output buffer allows. Source: MODEL.md M6 to M8, M41, M46.
    """
    flow = arch.dataflow
    height, width = shape.run_out_size
    slots, lanes = arch.lanes.slots_and_lanes(batch * height * width, shape.channels_per_group)
    if window is None:
        window = arch.window if passes > 1 else flow.window(shape, arch.window_capacity)
    return Cut(lanes, flow.lane_group(shape, arch.array.columns)), Cut(slots, window)


def tile(
    shape: LayerShape, arch: ArchConfig, batch: int, passes: int, window: int | None = None
) -> Tiling:
    """Return the tiles of a layer in batches of `batch` images, under a scheme of so many passes.

    window: its slots; without it they are the design's. Source: MODEL.md M6 to M9, M41.
    """
    return tiles_of(shape, arch, batch, *cuts(shape, arch, batch, passes, window))


def tiles_of(
    shape: LayerShape, arch: ArchConfig, batch: int, lane_groups: Cut, windows: Cut
) -> Tiling:
    """Return the tiles of a layer whose lanes and slots are cut so."""
    cut = _few if lane_groups.pieces * windows.pieces <= _FEW else _tiling
    return cut(batch, shape.runs_per_batch, shape.groups, arch.lanes, lane_groups, windows)


def _tiling(
    batch: int, runs: int, groups: int, lanes: Lanes, lane_groups: Cut, windows: Cut
) -> Tiling:
    return Tiling(batch, runs, groups, lanes, lane_groups.sizes, windows.sizes)


_few = lru_cache(maxsize=256)(_tiling)  # layers of a network, and designs, are often cut alike


def bounds_of(sizes: Counts, repeats: int) -> Counts:
    """Return where stretches of these sizes, repeated so often, begin, and where the last ends."""
    bounds = np.zeros(sizes.size * repeats + 1, np.int64)
    np.cumsum(np.tile(sizes, repeats), out=bounds[1:])
    return bounds
