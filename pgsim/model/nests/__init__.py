"""Layers mapped by a loop nest: their blocks, what these move, and when (MODEL.md M40)."""

from pgsim.model.nests.blocks import Blocks, blocks_of_nest
from pgsim.model.nests.ledger import work_of_nest, work_of_run
from pgsim.model.nests.run import NestRun, Waiting, run_blocks, run_nest, timed_blocks

__all__ = [
    "Blocks",
    "NestRun",
    "Waiting",
    "blocks_of_nest",
    "run_blocks",
    "run_nest",
    "timed_blocks",
    "work_of_nest",
    "work_of_run",
]
