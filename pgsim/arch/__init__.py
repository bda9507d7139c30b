"""What a network runs on: architectures from YAML, their PEs, and what their parts cost."""

from pgsim.arch.config import (
    DRAM,
    LONGEST_SIDE,
    LSB,
    PE,
    SRAM,
    ArchConfig,
    Array,
    Memory,
    config_keys,
    load_arch,
)
from pgsim.arch.costs import (
    GatingCost,
    LogicCost,
    SRAMCost,
    gating_cost,
    pe_cost,
    sram_cost,
)
from pgsim.arch.pe import macs_and_cycles
from pgsim.arch.technology import Technology, load_technology

__all__ = [
    "DRAM",
    "LONGEST_SIDE",
    "LSB",
    "PE",
    "SRAM",
    "ArchConfig",
    "Array",
    "GatingCost",
    "LogicCost",
    "Memory",
    "SRAMCost",
    "Technology",
    "config_keys",
    "gating_cost",
    "load_arch",
    "load_technology",
    "macs_and_cycles",
    "pe_cost",
    "sram_cost",
]
