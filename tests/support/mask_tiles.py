"""Rows of bits as the tiles that a scheduler is given, counted one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from packed_rows import Rows

from pgsim.arch import MaskTiles

NO_RATES = np.empty((0, 3), np.int64)


def mask_tiles(rows: Rows, columns: int) -> MaskTiles:
    """The tiles of rows, with their slots, active slots and entries."""

    def counted(count: Callable[[list[list[int]]], int]) -> np.ndarray:
        shape = len(rows.bits), len(rows.lane_bounds) - 1, len(rows.slot_bounds) - 1
        counts = np.zeros(shape, np.int64)
        for tile, mask in rows.tiles:
            counts[tile] = count(mask)
        return counts

    words, *bounds = rows.arguments
    return MaskTiles(
        lambda: words,
        *bounds,
        columns,
        slots=counted(len),
        active_slots=counted(lambda mask: sum(map(any, mask))),
        entries=counted(lambda mask: sum(map(sum, mask))),
    )


def refuses_rows(tiles: MaskTiles) -> MaskTiles:
    """The same tiles, of which nobody may look at the bits."""

    def rows() -> np.ndarray:
        raise AssertionError("this scheduler needs counts alone")

    return MaskTiles(
        rows,
        tiles.lanes,
        tiles.lane_bounds,
        tiles.slot_bounds,
        tiles.columns,
        tiles.slots,
        tiles.active_slots,
        tiles.entries,
    )
