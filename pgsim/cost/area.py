"""Area, from the parts of a design (MODEL.md M29)."""

from __future__ import annotations

from pgsim.cost.parts import Costs

_UM2_PER_MM2 = 1e6


def area_mm2(costs: Costs, *, gated: bool = True) -> dict[str, float]:
    """Return the area of a design's parts in mm2: `pe`, `sram`, `gating`. Source: MODEL.md M29."""
    return {
        "pe": costs.arch.pes * (costs.pe.area_um2 + costs.registers.area_um2) / _UM2_PER_MM2,
        "sram": sum(cost.area_um2 for cost in costs.buffers.values()) / _UM2_PER_MM2,
        "gating": costs.gating.area_um2 / _UM2_PER_MM2 if gated else 0.0,
    }


def logic_area_mm2(costs: Costs, *, gated: bool = True) -> float:
    """Return the area of a design's PEs and of what gates, in mm2. Source: MODEL.md M48."""
    area = area_mm2(costs, gated=gated)
    return area["pe"] + area["gating"]
