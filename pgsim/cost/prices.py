"""Prices: what one of each count costs in energy, by the part of the design that spends it.

A count of the ledger that is an action has a price here, or simulating ends in an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgsim.arch import SIDE_BY_SIDE
from pgsim.cost.parts import Costs
from pgsim.schemes import ACTIVATIONS, OPERANDS

PARTS = {
    "energy_pe_pj": "MACs, operand registers, register files, idle PEs",
    "energy_gating_pj": "comparators, scheduler, selectors, issue tables",
    "energy_sram_pj": "on-chip buffers, their filling included",
    "energy_dram_pj": "DRAM transfers",
    "energy_leakage_pj": "leakage over all cycles, stalls included",
}


@dataclass(frozen=True)
class Price:
    """What one of a count costs, in pJ, and the column of the part that spends it."""

    count: str
    part: str
    pj: float


def price_list(costs: Costs, *, network_gated: bool) -> tuple[Price, ...]:
    """Return the prices of a design's counts.

    network_gated: whether a mask steers any layer of the network, for logic leaks in all of them.
    Source: MODEL.md M28.
    """
    return (
        *_pes(costs),
        *_register_files(costs),
        *_gating(costs),
        *_sram(costs),
        *_dram(costs),
        *_leakage(costs, network_gated=network_gated),
    )


def _pes(costs: Costs) -> Iterator[Price]:
    """A busy PE spends its measured energy a cycle; an idle one the technology's fraction of it.

    What it spends less on MACs with a zero operand has a price below 0 (M45).
    """
    busy, idle = costs.pe.dynamic_pj_per_cycle, costs.technology.pe_idle_fraction
    yield Price("cycles", "energy_pe_pj", costs.arch.pes * idle * busy)
    for count in ("msb_busy_pe_cycles", "lsb_busy_pe_cycles"):
        yield Price(count, "energy_pe_pj", (1 - idle) * busy)
    for macs in SIDE_BY_SIDE:
        share = costs.arch.pe.zero_share(costs.technology, macs)
        yield Price(f"zero_pe_cycles_of_{macs}", "energy_pe_pj", (share - 1) * busy)


def _register_files(costs: Costs) -> Iterator[Price]:
    """A word of the register files, and one on the array's network, cost by their bits (M46)."""
    table, bits = costs.register_files, costs.arch.word_bits
    access, network = (
        (table.access_pj_per_bit, table.network_pj_per_bit) if table is not None else (0.0, 0.0)
    )
    yield Price("register_file_words", "energy_pe_pj", bits * access)
    yield Price("network_words", "energy_pe_pj", bits * network)


def _gating(costs: Costs) -> Iterator[Price]:
    """Comparators, the scheduler, its further operand streams and its issue table."""
    gating = costs.gating
    for count, pj in (
        ("compared_outputs", gating.comparator.dynamic_pj_per_cycle),
        ("scanned_slots", gating.scheduler.dynamic_pj_per_cycle),
        ("further_stream_half_bits", gating.stream_bit.dynamic_pj_per_cycle / 2),
        ("issue_table_written_words", gating.issue_table.write_pj_per_word),
        ("issue_table_read_words", gating.issue_table.read_pj_per_word),
    ):
        yield Price(count, "energy_gating_pj", pj)


def _sram(costs: Costs) -> Iterator[Price]:
    """Port words of every buffer; what DRAM delivers is also written into its buffer."""
    for name, cost in costs.buffers.items():
        yield Price(f"{name}_sram_read_words", "energy_sram_pj", cost.read_pj_per_word)
    output = costs.buffers["output"]
    yield Price("output_sram_write_words", "energy_sram_pj", output.write_pj_per_word)
    kept = costs.buffers[ACTIVATIONS.name]
    yield Price("activation_sram_write_words", "energy_sram_pj", kept.write_pj_per_word)
    for name, filled in (*((name, name) for name in OPERANDS), ("sum", "output")):
        words = _burst_bits(costs) / costs.arch.memory.buffers[filled].port_bits
        filled_pj = words * costs.buffers[filled].write_pj_per_word
        yield Price(f"dram_{name}_read_bursts", "energy_sram_pj", filled_pj)


def _dram(costs: Costs) -> Iterator[Price]:
    for way in ("activation_read", "weight_read", "sum_read", "write"):
        pj = _burst_bits(costs) * costs.dram_pj_per_bit
        yield Price(f"dram_{way}_bursts", "energy_dram_pj", pj)


def _leakage(costs: Costs, *, network_gated: bool) -> Iterator[Price]:
    leakage_uw = costs.leakage_uw + (costs.gating.leakage_uw if network_gated else 0.0)
    yield Price("cycles", "energy_leakage_pj", leakage_uw / costs.arch.mhz)


def _burst_bits(costs: Costs) -> int:
    return costs.arch.memory.dram.burst_bytes * 8
