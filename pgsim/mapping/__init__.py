"""Mapping: a layer onto the array's tiles, and its gate mask onto slots and lanes (M6 to M10)."""

from pgsim.mapping.blocks import BlockTiles, block_tiles, order_of_positions
from pgsim.mapping.kinds import Kinds, kinds_of
from pgsim.mapping.nest import Nest, given_nest, loop_sizes, nest_of_blocks, walk_of
from pgsim.mapping.slots import lane_rows
from pgsim.mapping.tiling import Cut, Tiling, cuts, tile, tiles_of

__all__ = [
    "BlockTiles",
    "Cut",
    "Kinds",
    "Nest",
    "Tiling",
    "block_tiles",
    "cuts",
    "given_nest",
    "kinds_of",
    "lane_rows",
    "loop_sizes",
    "nest_of_blocks",
    "order_of_positions",
    "tile",
    "tiles_of",
    "walk_of",
]
