"""Energy from action counts, and area from the parts of a design (MODEL.md M28, M29)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import (
    ArchConfig,
    GatingCost,
    LogicCost,
    SRAMCost,
    Technology,
    gating_cost,
    load_technology,
    pe_cost,
    sram_cost,
    stream_bits,
)
from pgsim.mapping import Counts
from pgsim.results import PARTS_OF_CYCLES
from pgsim.schemes import Pass

Energies = npt.NDArray[np.floating]

_UW_PER_MW = 1000.0
_UM2_PER_MM2 = 1e6


@dataclass(frozen=True)
class Costs:
    """What the parts of one design cost: PEs, gate, buffers by name, a bit of its DRAM."""

    arch: ArchConfig
    technology: Technology
    pe: LogicCost
    gating: GatingCost
    buffers: Mapping[str, SRAMCost]
    dram_pj_per_bit: float

    @property
    def pes(self) -> int:
        """PEs of the array."""
        return self.arch.array.rows * self.arch.array.columns

    @property
    def leakage_uw(self) -> float:
        """Leakage power of all PEs and buffers, in uW (uW x us = pJ)."""
        buffers_mw = sum(cost.leakage_mw for cost in self.buffers.values())
        return self.pes * self.pe.leakage_uw + _UW_PER_MW * buffers_mw


def costs_of(arch: ArchConfig) -> Costs:
    """Return what a design's parts cost in its technology.

    Raises InputError where there is no such technology, or it lacks the PE or the kind of DRAM.
    """
    technology = load_technology(arch.technology)
    buffers = {
        name: sram_cost(technology, sram.kib, sram.banks, sram.port_bits)
        for name in ("activation_sram", "weight_sram", "output_sram")
        for sram in (getattr(arch.memory, name),)
    }
    dram_pj_per_bit = technology.dram_pj_per_bit(arch.memory.dram.kind)
    pe, gating = pe_cost(technology, arch.array.pe), gating_cost(technology, arch)
    return Costs(arch, technology, pe, gating, buffers, dram_pj_per_bit)


def energy(
    counts: Mapping[str, Counts], costs: Costs, passes: tuple[Pass, ...]
) -> dict[str, Energies]:
    """Return the energy columns of one layer, float64 in pJ, shaped as its counts.

    counts: int64 (batches,) under the names of `simulate.simulate_block`. Source: MODEL.md M28.
    """
    cycles = np.sum([counts[part] for part in PARTS_OF_CYCLES], axis=0)
    lsb = passes[-1]
    leakage_uw = costs.leakage_uw + (costs.gating.leakage_uw if lsb.gated else 0.0)
    parts = {
        "energy_pe_pj": _pe(counts, cycles, costs),
        "energy_gating_pj": _gating(counts, costs, lsb) if lsb.gated else 0.0 * cycles,
        "energy_sram_pj": _sram(counts, costs),
        "energy_dram_pj": _dram(counts, costs),
        "energy_leakage_pj": cycles / costs.arch.clock_mhz * leakage_uw,
    }
    return parts | {"energy_pj": np.sum(list(parts.values()), axis=0)}


def area_mm2(costs: Costs, *, gated: bool = True) -> dict[str, float]:
    """Return the area of a design's parts in mm2: `pe`, `sram`, `gating`. Source: MODEL.md M29."""
    return {
        "pe": costs.pes * costs.pe.area_um2 / _UM2_PER_MM2,
        "sram": sum(cost.area_um2 for cost in costs.buffers.values()) / _UM2_PER_MM2,
        "gating": costs.gating.area_um2 / _UM2_PER_MM2 if gated else 0.0,
    }


def _pe(counts: Mapping[str, Counts], cycles: Counts, costs: Costs) -> Energies:
    """A busy PE spends its measured energy a cycle; an idle one the technology's fraction of it."""
    busy = counts["msb_busy_pe_cycles"] + counts["lsb_busy_pe_cycles"]
    idle = costs.pes * cycles - busy
    busy_or_idle: Energies = busy + costs.technology.pe_idle_fraction * idle
    return busy_or_idle * costs.pe.dynamic_pj_per_cycle


def _gating(counts: Mapping[str, Counts], costs: Costs, pass_: Pass) -> Energies:
    """Comparators, the scheduler, its operand streams and its issue table (M28)."""
    gating = costs.gating
    wide = stream_bits(costs.arch, pass_.activation_bits, pass_.weight_bits)
    streamed = counts["lsb_busy_pe_cycles"] * gating.further_streams * wide
    table_pj = gating.issue_table.write_pj_per_word + gating.issue_table.read_pj_per_word
    spent: Energies = counts["outputs"] * gating.comparator.dynamic_pj_per_cycle
    spent = spent + counts["lsb_slots_dense"] * gating.scheduler.dynamic_pj_per_cycle
    spent = spent + streamed * gating.stream_bit.dynamic_pj_per_cycle
    return spent + counts["lsb_slots_issued"] * table_pj


def _sram(counts: Mapping[str, Counts], costs: Costs) -> Energies:
    """Port words of every buffer; what DRAM delivers is also written into its buffer."""
    memory, buffers = costs.arch.memory, costs.buffers
    spent: Energies = counts["output_sram_write_words"] * buffers["output_sram"].write_pj_per_word
    for name, cost in buffers.items():
        spent = spent + counts[f"{name}_read_words"] * cost.read_pj_per_word
    for operand in ("activation", "weight"):
        filled_bits = counts[f"dram_{operand}_read_bursts"] * memory.dram.burst_bytes * 8
        port_bits = getattr(memory, f"{operand}_sram").port_bits
        spent = spent + filled_bits / port_bits * buffers[f"{operand}_sram"].write_pj_per_word
    return spent


def _dram(counts: Mapping[str, Counts], costs: Costs) -> Energies:
    moved = ("activation_read", "weight_read", "write")
    bursts: Counts = np.sum([counts[f"dram_{way}_bursts"] for way in moved], axis=0)
    return bursts * (costs.arch.memory.dram.burst_bytes * 8.0) * costs.dram_pj_per_bit
