"""What a network runs on: architectures from YAML, their kinds of parts, and what parts cost."""

from pgsim.arch.config import ArchConfig, config_keys, load_arch
from pgsim.arch.conventions import CONVENTIONS, Convention, Folds
from pgsim.arch.countings import COUNTINGS, Counting
from pgsim.arch.dataflows import DATAFLOWS, Dataflow, Fabric, Rate
from pgsim.arch.dram_models import DRAM_MODELS, DRAMModel
from pgsim.arch.lanes import LANES, NOTHING, Counts, Lanes, Words
from pgsim.arch.memory import DRAM, SRAM, Memory
from pgsim.arch.nests import LOOPS, Mapping, NestKeys
from pgsim.arch.objectives import OBJECTIVES, Objective
from pgsim.arch.pes import PES, SIDE_BY_SIDE, FoldWork, PEKind, side_by_side
from pgsim.arch.prices import LogicCost, SRAMCost, logic_cost, sram_cost
from pgsim.arch.schedulers import (
    SCHEDULERS,
    InOrder,
    Issued,
    IssuedFromBanks,
    MaskTiles,
    Scheduler,
    even_shortfalls,
)
from pgsim.arch.sections import LONGEST_SIDE, LSB, PE, Array
from pgsim.arch.speeds import SPEEDS, Speed
from pgsim.arch.technology import Technology, load_technology
from pgsim.arch.windows import PARTIAL_SUM_BITS

__all__ = [
    "CONVENTIONS",
    "COUNTINGS",
    "DATAFLOWS",
    "DRAM",
    "DRAM_MODELS",
    "LANES",
    "LONGEST_SIDE",
    "LOOPS",
    "LSB",
    "NOTHING",
    "OBJECTIVES",
    "PARTIAL_SUM_BITS",
    "PE",
    "PES",
    "SCHEDULERS",
    "SIDE_BY_SIDE",
    "SPEEDS",
    "SRAM",
    "ArchConfig",
    "Array",
    "Convention",
    "Counting",
    "Counts",
    "DRAMModel",
    "Dataflow",
    "Fabric",
    "FoldWork",
    "Folds",
    "InOrder",
    "Issued",
    "IssuedFromBanks",
    "Lanes",
    "LogicCost",
    "Mapping",
    "MaskTiles",
    "Memory",
    "NestKeys",
    "Objective",
    "PEKind",
    "Rate",
    "SRAMCost",
    "Scheduler",
    "Speed",
    "Technology",
    "Words",
    "config_keys",
    "even_shortfalls",
    "load_arch",
    "load_technology",
    "logic_cost",
    "side_by_side",
    "sram_cost",
]
