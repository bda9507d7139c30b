"""The tiles of a loop nest: its blocks, each cut lane group by lane group (MODEL.md M40).

Counts of tiles are int64 arrays (runs, groups, lane groups of a block, blocks), blocks in the order
in which they execute. A block with fewer lane groups than others has empty tiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts, Lanes
from pgsim.lazy import lazy
from pgsim.mapping.nest import CHANNELS, COLUMNS, IMAGES, ROWS, Nest
from pgsim.mapping.tiling import Cut, Tiles, bounds_of


@dataclass(frozen=True)
class BlockTiles:
    """How the batches of one layer are cut into the tiles of a nest's blocks.

    batch, runs, groups, lanes: as in `Tiling`. window_slots, lane_group_lanes: int64, the slots of
    each window, and the lanes of each lane group, of one run and group, in raster order of blocks.
    windows: int64 (blocks,), that of each block. lane_groups: int64 (lane groups of a block,
    blocks), those of each block, -1 for none. order: int64 (positions,), the positions of a run,
    block by block; None where that is their own order, or where nothing asks for it.
    """

    batch: int
    runs: int
    groups: int
    lanes: Lanes
    window_slots: Counts
    lane_group_lanes: Counts
    windows: Counts
    lane_groups: Counts
    order: Counts | None

    @lazy
    def batch_lanes(self) -> int:
        """Lanes of a batch, over its runs or groups."""
        of_lanes, _ = self.lanes.repeats(self.runs, self.groups)
        return int(self.lane_group_lanes.sum()) * of_lanes

    @lazy
    def run_tiles(self) -> int:
        """Tiles of one run, empty ones among them."""
        return self.groups * self.lane_groups.size

    def tiles(self, batches: int) -> Tiles:
        """Return the shape of an array with one entry per tile of that many batches."""
        return (batches * self.runs, self.groups, *self.lane_groups.shape)

    @lazy
    def exists(self) -> npt.NDArray[np.bool_]:
        """Whether there is a tile, bool (lane groups of a block, blocks)."""
        there: npt.NDArray[np.bool_] = self.lane_groups >= 0
        return there

    @lazy
    def tile_lanes(self) -> Counts:
        """Lanes of each tile, int64 (1, 1, lane groups of a block, blocks)."""
        lanes: Counts = np.where(self.exists, self.lane_group_lanes[self.lane_groups], 0)
        return lanes[None, None]

    @lazy
    def tile_slots(self) -> Counts:
        """Slots of each tile, int64 (1, 1, lane groups of a block, blocks)."""
        return self.by_window(self.window_slots)

    def by_window(self, counts: Counts) -> Counts:
        """Return counts of windows, of all runs or run by run, as those of tiles, 0 without one.

        counts: (windows,) or (runs, windows). Returns int64 (1 or runs, 1, lane groups of a block,
        blocks).
        """
        own: Counts = np.atleast_2d(counts[..., self.windows])[:, None, None] * self.exists
        return own

    @lazy
    def outputs(self) -> Counts:
        """Outputs of each tile, int64 (1, 1, lane groups of a block, blocks)."""
        return self.tile_lanes * self.tile_slots

    @property
    def bounds(self) -> tuple[Counts, Counts]:
        """Where lane groups and windows begin in a batch, as the kernels take them."""
        of_lanes, of_slots = self.lanes.repeats(self.runs, self.groups)
        return bounds_of(self.lane_group_lanes, of_lanes), bounds_of(self.window_slots, of_slots)

    def by_tile(self, counts: Counts) -> Counts:
        """Bring a kernel's counts (batches, lane groups, windows) into the order of tiles."""
        raster = self.lanes.by_tile(counts, self.runs, self.groups)
        own: Counts = np.where(self.exists, raster[:, :, self.lane_groups, self.windows], 0)
        return own

    def part(self, blocks: npt.NDArray[np.bool_]) -> BlockTiles:
        """Return the tiles of some blocks only."""
        return BlockTiles(
            self.batch,
            self.runs,
            self.groups,
            self.lanes,
            self.window_slots,
            self.lane_group_lanes,
            self.windows[blocks],
            self.lane_groups[:, blocks],
            self.order,
        )


def block_tiles(
    nest: Nest,
    indices: Counts,
    lanes: Lanes,
    columns: int,
    runs: int,
    groups: int,
    order: Counts | None,
) -> BlockTiles:
    """Return the tiles of a nest's blocks on an array of so many columns.

    indices: int64 (5, blocks), of each block along each loop, in order of execution. order: of
    `order_of_positions`, None too where nothing asks for it: there may be far more than tiles.
    """
    n, p, q, k, _ = indices
    images, rows, cols = (nest.block_sizes(loop) for loop in (IMAGES, ROWS, COLUMNS))
    _, row_trips, column_trips, _, _ = nest.trips
    positions: Counts = (images[:, None, None] * rows[:, None] * cols).reshape(-1)
    slots, lane_blocks = lanes.slots_and_lanes(positions, nest.block_sizes(CHANNELS))
    of_slots, of_lanes = lanes.slots_and_lanes((n * row_trips + p) * column_trips + q, k)
    sizes = [Cut(size, columns).sizes for size in lane_blocks.tolist()]
    pieces = np.array([each.size for each in sizes], np.int64)
    begins = np.cumsum(pieces) - pieces
    places = np.arange(pieces.max())[:, None]
    lane_groups = np.where(places < pieces[of_lanes], begins[of_lanes] + places, -1)
    return BlockTiles(
        batch=nest.sizes[IMAGES],
        runs=runs,
        groups=groups,
        lanes=lanes,
        window_slots=slots,
        lane_group_lanes=np.concatenate(sizes),
        windows=of_slots,
        lane_groups=lane_groups,
        order=order,
    )


def order_of_positions(nest: Nest) -> Counts | None:
    """Return the positions of a run block by block, or None where that is their own order."""
    _, trips_p, trips_q, _, _ = nest.trips
    if trips_q == 1 and (trips_p == 1 or nest.blocks[IMAGES] == 1):
        return None
    images, height, width = nest.sizes[:3]
    of_image = np.arange(images) // nest.blocks[IMAGES]
    of_row = np.arange(height) // nest.blocks[ROWS]
    of_column = np.arange(width) // nest.blocks[COLUMNS]
    block = (of_image[:, None, None] * trips_p + of_row[:, None]) * trips_q + of_column
    order: Counts = np.argsort(block.reshape(-1), kind="stable")
    return None if (order[:-1] < order[1:]).all() else order
