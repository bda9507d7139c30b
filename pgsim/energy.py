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
    macs_and_cycles,
    pe_cost,
    sram_cost,
)
from pgsim.mapping import Counts, reduction_folds
from pgsim.results import PARTS_OF_CYCLES
from pgsim.schemes import Pass
from pgsim.workload import LayerShape

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

    Raises InputError where there is no such technology or synthesis table, where one is wrong or
    lacks what the design has (the PE, the kind of DRAM), one problem a line.
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
    shape: LayerShape,
    passes: tuple[Pass, ...],
    counts: Mapping[str, Counts],
    costs: Costs,
    *,
    network_gated: bool,
) -> dict[str, Energies]:
    """Return the energy columns of one layer, float64 in pJ, shaped as its counts.

    counts: int64 (batches,) under the names of `simulate.simulate_block`. network_gated: whether a
    mask steers any layer of the network, for logic leaks in all of them. Source: MODEL.md M28.
    """
    cycles = np.sum([counts[part] for part in PARTS_OF_CYCLES], axis=0)
    lsb = passes[-1]
    leakage_uw = costs.leakage_uw + (costs.gating.leakage_uw if network_gated else 0.0)
    parts = {
        "energy_pe_pj": _pe(counts, cycles, costs),
        "energy_gating_pj": (_gating(shape, lsb, counts, costs) if lsb.gated else 0.0 * cycles),
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


def _gating(shape: LayerShape, pass_: Pass, counts: Mapping[str, Counts], costs: Costs) -> Energies:
    """Comparators, the scheduler, its further operand streams and its issue table (M28)."""
    gating = costs.gating
    spent: Energies = counts["outputs"] * gating.comparator.dynamic_pj_per_cycle
    spent = spent + counts["lsb_slots_dense"] * gating.scheduler.dynamic_pj_per_cycle
    streamed = _further_stream_bits(shape, pass_, counts, costs.arch)
    spent = spent + streamed * gating.stream_bit.dynamic_pj_per_cycle
    return spent + _issue_table(shape, pass_, counts, costs)


def _further_stream_bits(
    shape: LayerShape, pass_: Pass, counts: Mapping[str, Counts], arch: ArchConfig
) -> Energies:
    """Bits of operand vectors, each times the PEs that pass it on, beyond a vector an issued slot.

    Under `combine` vectors pass all columns, under `queue` they end at their own.
    """
    columns = arch.array.columns
    match arch.lsb.scheduler:
        case "combine":
            vectors = (counts["lsb_active_slots"] - counts["lsb_slots_issued"]) * columns
        case "queue":
            passed = counts["lsb_outputs"] * (columns + 1) / 2
            vectors = np.maximum(0, passed - counts["lsb_slots_issued"] * columns)
        case _:
            return np.zeros(counts["outputs"].shape)
    bits = pass_.activation_bits if arch.array.lanes_are_channels else pass_.weight_bits
    streamed: Energies = vectors * float(shape.reduction * bits)
    return streamed


def _issue_table(
    shape: LayerShape, pass_: Pass, counts: Mapping[str, Counts], costs: Costs
) -> Energies:
    """Active slots are written to their entries, under `queue` once for each lane that works.

    Every fold of the reduction reads all entries.
    """
    arch, table = costs.arch, costs.gating.issue_table
    macs, _ = macs_and_cycles(arch.array.pe, pass_.activation_bits, pass_.weight_bits)
    folds = reduction_folds(shape, arch.array, macs)
    written = counts["lsb_outputs" if arch.lsb.scheduler == "queue" else "lsb_active_slots"]
    read = counts["lsb_slots_issued"] * folds * costs.gating.issue_table_banks
    spent: Energies = written * table.write_pj_per_word + read * table.read_pj_per_word
    return spent


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
