"""Mapping: a layer onto the array's tiles, and its gate mask onto slots and lanes (M6 to M10)."""

from pgsim.mapping.slots import lane_rows
from pgsim.mapping.tiling import Cut, Tiling, cuts, tile

__all__ = ["Cut", "Tiling", "cuts", "lane_rows", "tile"]
