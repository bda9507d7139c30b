"""What a search chooses costs no more than the fixed order, whatever it estimates (M41)."""

from __future__ import annotations

from random import Random

import pytest
from designs import conv, design, linear, random_mask, trace_of

from pgsim import simulate

VALUES = {
    "latency": lambda row: row["cycles"],
    "dram": lambda row: row["dram_read_bytes"] + row["dram_write_bytes"],
    "energy": lambda row: row["energy_pj"],
    "edp": lambda row: row["energy_pj"] * row["cycles"],
}


@pytest.mark.parametrize("objective", VALUES)
@pytest.mark.parametrize("seed", range(8))
def test_no_nest_costs_more_than_the_fixed_order(seed: int, objective: str) -> None:
    rng = Random(seed)
    layer = rng.choice((conv(8, 9, 6, 3), conv(3, 6, 10, 3), linear(12, 40, 7)))
    port = {"banks": rng.choice((1, 2)), "port_bits": 8}
    changes = {
        **{f"memory.{name}_sram.{key}": port[key] for name in ("weight", "output") for key in port},
        "memory.activation_sram.banks": 2,
        "memory.activation_sram.port_bits": 16,
        "memory.activation_sram.kib": rng.choice((0.25, 1)),
        "memory.weight_sram.kib": rng.choice((0.25, 1)),
        "memory.output_sram.kib": rng.choice((0.25, 1)),
        "memory.ports": "all",
        "memory.dram.model": rng.choice(("bandwidth", "pages")),
        "memory.dram.bytes_per_cycle": rng.choice((1, 16)),
        "array.dataflow": rng.choice(("os", "ws", "is")),
    }
    trace = trace_of(layer, random_mask(layer, 1, seed))
    arch, scheme = design(changes), rng.choice(("full", "dual_dense", "pg"))
    (fixed,) = simulate(trace, arch, scheme).rows
    (chosen,) = simulate(trace, arch, scheme, objective=objective).rows
    assert VALUES[objective](chosen) <= VALUES[objective](fixed)
    if chosen["window_slots"] == fixed["window_slots"]:
        assert chosen["cycles"] == fixed["cycles"]
