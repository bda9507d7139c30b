"""Energy from action counts, and area from the parts of a design (MODEL.md M28, M29)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig, SRAMCost, Technology, pe_cost, sram_cost
from pgsim.mapping import Counts
from pgsim.results import PARTS_OF_CYCLES

Energies = npt.NDArray[np.floating]

_UW_PER_MW = 1000.0
_UM2_PER_MM2 = 1e6


def energy(
    counts: Mapping[str, Counts], arch: ArchConfig, technology: Technology, *, gated: bool
) -> dict[str, Energies]:
    """Return the energy columns of one layer, float64 in pJ, shaped as its counts.

    counts: int64 (batches,) under the names of `simulate.simulate_block`. gated: whether a pass was
    steered by a mask. Source: MODEL.md M28.
    """
    cycles = np.sum([counts[part] for part in PARTS_OF_CYCLES], axis=0)
    parts = {
        "energy_pe_pj": _pe(counts, cycles, arch, technology),
        "energy_gating_pj": _gating(counts, arch, technology) * gated,
        "energy_sram_pj": _sram(counts, arch, technology),
        "energy_dram_pj": _dram(counts, arch, technology),
        "energy_leakage_pj": cycles / arch.clock_mhz * leakage_uw(arch, technology),
    }
    return parts | {"energy_pj": np.sum(list(parts.values()), axis=0)}


def leakage_uw(arch: ArchConfig, technology: Technology) -> float:
    """Return the leakage power of all PEs and buffers, in uW (uW x us = pJ). Source: M28."""
    pes = arch.array.rows * arch.array.columns * pe_cost(technology, arch.array.pe).leakage_uw
    return pes + _UW_PER_MW * sum(cost.leakage_mw for cost in _buffers(arch, technology).values())


def area_mm2(arch: ArchConfig, technology: Technology) -> dict[str, float]:
    """Return the area of a design's parts in mm2: `pe`, `sram`, `gating`. Source: MODEL.md M29."""
    array, lsb, arithmetic = arch.array, arch.lsb, technology.arithmetic
    bit_um2 = arithmetic.int8_add_um2 / 8
    pes, columns = array.rows * array.columns, array.columns
    gating = columns * arithmetic.int32_add_um2  # a comparator a column
    if lsb.scheduler == "combine":
        selectors = pes * (lsb.ways - 1) * array.pe.max_activation_bits
        gating += bit_um2 * (selectors + lsb.open * columns + lsb.open * _entry_bits(arch))
    elif lsb.scheduler == "queue":
        gating += bit_um2 * columns * lsb.depth * _entry_bits(arch)
    buffers = sum(cost.area_um2 for cost in _buffers(arch, technology).values())
    return {
        "pe": pes * pe_cost(technology, array.pe).area_um2 / _UM2_PER_MM2,
        "sram": buffers / _UM2_PER_MM2,
        "gating": gating / _UM2_PER_MM2,
    }


def _pe(
    counts: Mapping[str, Counts], cycles: Counts, arch: ArchConfig, technology: Technology
) -> Energies:
    """A busy PE spends its measured energy a cycle; an idle one the technology's fraction of it."""
    busy = counts["msb_busy_pe_cycles"] + counts["lsb_busy_pe_cycles"]
    idle = arch.array.rows * arch.array.columns * cycles - busy
    busy_or_idle: Energies = busy + technology.pe_idle_fraction * idle
    return busy_or_idle * pe_cost(technology, arch.array.pe).dynamic_pj_per_cycle


def _gating(counts: Mapping[str, Counts], arch: ArchConfig, technology: Technology) -> Energies:
    """Comparators, the mask scan, and what the chosen scheduler adds (M28)."""
    lsb, columns = arch.lsb, arch.array.columns
    bit_pj = technology.arithmetic.int8_add_pj / 8
    stored_pj = technology.registers.write_pj_per_bit + technology.registers.read_pj_per_bit
    spent: Energies = counts["outputs"] * technology.arithmetic.int32_add_pj
    if lsb.scheduler != "dense":
        spent = spent + counts["lsb_slots_dense"] * columns * bit_pj
    if lsb.scheduler == "combine":
        compared = counts["lsb_active_slots"] * lsb.open * columns
        selected = counts["lsb_busy_pe_cycles"] * (lsb.ways - 1) * arch.array.pe.max_activation_bits
        tabled = counts["lsb_active_slots"] * (_entry_bits(arch) + columns)
        spent = spent + (compared + selected) * bit_pj + tabled * stored_pj
    elif lsb.scheduler == "queue":
        spent = spent + counts["lsb_outputs"] * _entry_bits(arch) * stored_pj
    return spent


def _entry_bits(arch: ArchConfig) -> int:
    """Return the bits that name a slot of a window."""
    window = arch.window_capacity if arch.lsb.window == "auto" else arch.lsb.window
    return max(1, (window - 1).bit_length())


def _sram(counts: Mapping[str, Counts], arch: ArchConfig, technology: Technology) -> Energies:
    """Port words of every buffer; what DRAM delivers is also written into its buffer."""
    memory, costs = arch.memory, _buffers(arch, technology)
    spent: Energies = counts["output_sram_write_words"] * costs["output_sram"].write_pj_per_word
    for name, cost in costs.items():
        spent = spent + counts[f"{name}_read_words"] * cost.read_pj_per_word
    for operand in ("activation", "weight"):
        filled_bits = counts[f"dram_{operand}_read_bursts"] * memory.dram.burst_bytes * 8
        port_bits = getattr(memory, f"{operand}_sram").port_bits
        spent = spent + filled_bits / port_bits * costs[f"{operand}_sram"].write_pj_per_word
    return spent


def _buffers(arch: ArchConfig, technology: Technology) -> dict[str, SRAMCost]:
    return {
        name: sram_cost(technology, sram.kib, sram.banks, sram.port_bits)
        for name in ("activation_sram", "weight_sram", "output_sram")
        for sram in (getattr(arch.memory, name),)
    }


def _dram(counts: Mapping[str, Counts], arch: ArchConfig, technology: Technology) -> Energies:
    moved = ("activation_read", "weight_read", "write")
    bursts: Counts = np.sum([counts[f"dram_{way}_bursts"] for way in moved], axis=0)
    return (
        bursts
        * (arch.memory.dram.burst_bytes * 8.0)
        * technology.dram_pj_per_bit(arch.memory.dram.kind)
    )
