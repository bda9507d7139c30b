"""What-ifs on prices: the costs of a design as they would be at other figures (MODEL.md M48)."""

from __future__ import annotations

from dataclasses import asdict, replace

from pgsim.arch import Technology, logic_cost
from pgsim.cost.parts import Costs


def with_dram_energy(costs: Costs, times: float) -> Costs:
    """Return costs with so many times the energy of a DRAM bit."""
    return replace(costs, dram_pj_per_bit=times * costs.dram_pj_per_bit)


def with_synthesized_pes(costs: Costs) -> Costs:
    """Return costs with PEs as pgsim's own RTL is synthesized, all scaled to the fixed 8-bit PE.

    Serial PEs and what gates have these prices already (M29). Raises InputError where the synthesis
    table lacks a PE of the technology's widths.
    """
    technology = costs.technology
    tables = {
        kind: tuple(
            row.model_copy(update=asdict(logic_cost(technology, {_module(kind, row.max_bits): 1})))
            for row in rows
        )
        for kind, rows in (("fixed", technology.pe.fixed), ("fusion", technology.pe.fusion))
    }
    synthesized: Technology = technology.model_copy(
        update={"pe": technology.pe.model_copy(update=tables)}
    )
    return replace(costs, technology=synthesized, pe=costs.arch.pe.cost(synthesized))


def _module(kind: str, bits: int) -> str:
    return f"{kind}_{bits}x{bits}"
