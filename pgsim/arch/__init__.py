"""What a network runs on: architectures from YAML, their kinds of parts, and what parts cost."""

from pgsim.arch.config import ArchConfig, config_keys, load_arch
from pgsim.arch.conventions import CONVENTIONS, Convention, Folds
from pgsim.arch.countings import COUNTINGS, Counting
from pgsim.arch.dataflows import DATAFLOWS, Dataflow, Fabric, Rate
from pgsim.arch.dram_models import DRAM_MODELS, DRAMModel
from pgsim.arch.first_layers import FIRST_LAYERS, FirstLayer
from pgsim.arch.lane_orders import LANE_ORDERS, LaneOrder
from pgsim.arch.lanes import LANES, NOTHING, Counts, Lanes, Words
from pgsim.arch.lsb_fetches import LSB_FETCHES, LSBFetch
from pgsim.arch.mapping_kinds import MAPPING_KINDS, MappingKind
from pgsim.arch.memory import DRAM, SRAM, Memory
from pgsim.arch.nests import LOOPS, Mapping, NestKeys
from pgsim.arch.objectives import OBJECTIVES, Objective
from pgsim.arch.overlaps import FOLD_OVERLAPS, TRANSFER_OVERLAPS, FoldOverlap, TransferOverlap
from pgsim.arch.pes import PES, SIDE_BY_SIDE, FoldWork, PEKind, side_by_side
from pgsim.arch.ports import PORTS, Ports
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
from pgsim.arch.scheduling import LSB
from pgsim.arch.sections import LONGEST_SIDE, PE, Array
from pgsim.arch.speeds import SPEEDS, Speed
from pgsim.arch.technology import Technology, load_technology
from pgsim.arch.windows import PARTIAL_SUM_BITS

__all__ = [
    "CONVENTIONS",
    "COUNTINGS",
    "DATAFLOWS",
    "DRAM",
    "DRAM_MODELS",
    "FIRST_LAYERS",
    "FOLD_OVERLAPS",
    "LANES",
    "LANE_ORDERS",
    "LONGEST_SIDE",
    "LOOPS",
    "LSB",
    "LSB_FETCHES",
    "MAPPING_KINDS",
    "NOTHING",
    "OBJECTIVES",
    "PARTIAL_SUM_BITS",
    "PE",
    "PES",
    "PORTS",
    "SCHEDULERS",
    "SIDE_BY_SIDE",
    "SPEEDS",
    "SRAM",
    "TRANSFER_OVERLAPS",
    "ArchConfig",
    "Array",
    "Convention",
    "Counting",
    "Counts",
    "DRAMModel",
    "Dataflow",
    "Fabric",
    "FirstLayer",
    "FoldOverlap",
    "FoldWork",
    "Folds",
    "InOrder",
    "Issued",
    "IssuedFromBanks",
    "LSBFetch",
    "LaneOrder",
    "Lanes",
    "LogicCost",
    "Mapping",
    "MappingKind",
    "MaskTiles",
    "Memory",
    "NestKeys",
    "Objective",
    "PEKind",
    "Ports",
    "Rate",
    "SRAMCost",
    "Scheduler",
    "Speed",
    "Technology",
    "TransferOverlap",
    "Words",
    "config_keys",
    "even_shortfalls",
    "load_arch",
    "load_technology",
    "logic_cost",
    "side_by_side",
    "sram_cost",
]
