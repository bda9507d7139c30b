"""Blocks cut into tiles: which outputs each has, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, linear

from pgsim.arch.lanes import LANES
from pgsim.mapping import block_tiles, loop_sizes, nest_of_blocks, order_of_positions
from pgsim.mapping.blocks import BlockTiles
from pgsim.mapping.nest import Nest
from pgsim.workload import LayerShape


def indices_of(layer: LayerShape, made: Nest) -> np.ndarray:
    """The index of each block along each loop, outermost loops slowest."""
    trips = [made.trips[loop] for loop in made.depths]
    places = np.indices(trips).reshape(5, -1)
    return places[np.argsort(made.depths)]


def tiles_of(layer: LayerShape, made: Nest, lanes: str, columns: int = 4) -> BlockTiles:
    order, indices = order_of_positions(made), indices_of(layer, made)
    own = LANES[lanes], columns, layer.runs_per_batch, layer.groups
    return block_tiles(made, indices, *own, order)


def test_lanes_of_channels():
    # 10 rows in blocks of 4, 4, 2; 7 channels in blocks of 5 and 2: lane groups of 4 + 1, and 2.
    layer = linear(10, 3, 7)
    tiles = tiles_of(
        layer, nest_of_blocks("PNQKC", loop_sizes(layer, 1), (1, 4, 1, 5, 3)), "channels"
    )
    assert tiles.tiles(1) == (1, 1, 2, 6)
    assert tiles.tile_lanes[0, 0].tolist() == [[4, 2] * 3, [1, 0] * 3]
    assert tiles.tile_slots[0, 0].tolist() == [[4, 4, 4, 4, 2, 2], [4, 0, 4, 0, 2, 0]]
    assert int(tiles.outputs.sum()) == 70
    assert tiles.order is None


def test_lanes_of_positions():
    # A block of 2 x 5 positions of 2 images is 4 + 4 + 2 lanes; slots are its 5 or 2 channels.
    layer = linear(5, 3, 7)
    tiles = tiles_of(
        layer, nest_of_blocks("KNPQC", loop_sizes(layer, 2), (2, 5, 1, 5, 3)), "positions"
    )
    assert tiles.tiles(1) == (1, 1, 3, 2)
    assert tiles.tile_lanes[0, 0].T.tolist() == [[4, 4, 2]] * 2
    assert tiles.tile_slots[0, 0].T.tolist() == [[5, 5, 5], [2, 2, 2]]


@pytest.mark.parametrize(
    ("blocks", "order"),
    [
        ((1, 2, 4), None),  # whole rows of one image: their own order
        # 2 x 2 of 4 x 4 positions: the upper left quarter, then the upper right one.
        ((1, 2, 2), [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]),
    ],
)
def test_positions_of_one_image_come_block_by_block(blocks, order):
    layer = conv(1, 1, in_size=4, kernel=1)
    made = nest_of_blocks("NPQKC", loop_sizes(layer, 1), (*blocks, 1, 1))
    found = tiles_of(layer, made, "channels").order
    assert (None if found is None else found.tolist()) == order


def test_rows_of_several_images_come_block_by_block():
    # Blocks of a row of both images: row 0 of both, then row 1 of both.
    layer = conv(1, 1, in_size=2, kernel=1)
    made = nest_of_blocks("NPQKC", loop_sizes(layer, 2), (2, 1, 2, 1, 1))
    assert tiles_of(layer, made, "channels").order.tolist() == [0, 1, 4, 5, 2, 3, 6, 7]


def test_a_part_has_the_tiles_of_some_blocks():
    layer = linear(10, 3, 7)
    tiles = tiles_of(
        layer, nest_of_blocks("PNQKC", loop_sizes(layer, 1), (1, 4, 1, 5, 3)), "channels"
    )
    part = tiles.part(np.array([True, False, False, False, True, True]))
    assert part.tile_lanes[0, 0].tolist() == [[4, 4, 2], [1, 1, 0]]
    assert part.tile_slots[0, 0].tolist() == [[4, 2, 2], [4, 2, 0]]


def test_counts_of_kernels_come_in_the_order_of_blocks():
    # The kernel has lane groups (4, 1, 2 lanes) by windows (4, 4, 2 slots); channels are outermost.
    layer = linear(10, 3, 7)
    tiles = tiles_of(
        layer, nest_of_blocks("KPNQC", loop_sizes(layer, 1), (1, 4, 1, 5, 3)), "channels"
    )
    counts = np.arange(9).reshape(1, 3, 3)
    assert tiles.by_tile(counts)[0, 0].tolist() == [[0, 1, 2, 6, 7, 8], [3, 4, 5, 0, 0, 0]]
    assert [each.tolist() for each in tiles.bounds] == [[0, 4, 5, 7], [0, 4, 8, 10]]
