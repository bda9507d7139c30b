"""Energy of a tiny layer, from the figures of the sources that 45nm.yaml names.

6 positions by 1 channel, D = 3, 3 outputs gated, on a 4 x 2 array of fixed 8-bit PEs, `ws`. It runs
for 19 cycles (model/test_edge_cases.test_one_channel). Buffers are 64 banks of 1 KiB with 512-bit
ports.
"""

from __future__ import annotations

import pytest
from designs import design, drawn, linear, trace_of
from unit_costs import close, gates

from pgsim import GateTrace, InputError, simulate

LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")


def energy(changes: dict[str, object] | None = None, scheme: str = "pg") -> dict[str, float]:
    arch = design({"array.dataflow": "ws"} | (changes or {}))
    return simulate(trace_of(LAYER, MASK), arch, scheme).summary


def test_pes() -> None:
    # Bit Fusion's fixed 8-bit unit: 0.20344 pJ a cycle. 8 PEs * 19 cycles, of which (6 + 3) outputs
    # * 3 MACs are busy, the other 125 idle at an assumed tenth.
    assert energy()["energy_pe_pj"] == close((27 + 0.1 * 125) * 0.20344)


def test_sram() -> None:
    # CACTI, a bank of 1 KiB: 1.28823 pJ to read 32 bits, 3.955 to write; 16 times that a port word.
    # Reads: activations in both passes, the weights once, 32-bit sums, all within a word each.
    # Writes: one word of sums; and what DRAM delivers, 2 bursts of 128 bits, a quarter of a word.
    expected = 4 * 16 * 1.28823 + (1 + 2 / 4) * 16 * 3.955
    assert energy()["energy_sram_pj"] == close(expected)


@pytest.mark.parametrize(("kind", "pj_per_bit"), [("lpddr4", 8), ("hbm2", 3.9), ("ddr3", 70)])
def test_dram(kind: str, pj_per_bit: float) -> None:
    # One burst of 128 bits each of activations, of weights and of outputs.
    found = energy({"memory.dram.kind": kind})
    assert found["energy_dram_pj"] == close(3 * 128 * pj_per_bit)


def test_an_unknown_dram_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'lpdr4'.*Did you mean 'lpddr4'"):
        energy({"memory.dram.kind": "lpdr4"})


def test_leakage() -> None:
    # 19 cycles at 500 MHz are 0.038 us. 8 PEs of 16.106 uW, 3 * 64 banks of 0.396371 uW; and what
    # gates: 2 comparators, an eighth of the scheduler, a table of 512 bytes of 0.203313 uW.
    gating = 2 * gates("leakage_uw", "comparator_32") + 0.203313
    gating += gates("leakage_uw", "scheduler_skip_lanes_16") / 8
    found = energy({"lsb.window": 256})["energy_leakage_pj"]
    assert found == close(0.038 * (8 * 16.106 + 192 * 0.396371 + gating))


def test_gating_logic_leaks_in_every_layer_of_a_network_that_gates() -> None:
    ungated = LAYER.model_copy(update={"name": "ungated", "gate": "none", "msb_bits": 4})
    trace = GateTrace.from_masks({LAYER.name: MASK}, [LAYER, ungated])
    arch = design({"array.dataflow": "ws", "lsb.window": 256})
    gating = 2 * gates("leakage_uw", "comparator_32") + 0.203313
    gating += gates("leakage_uw", "scheduler_skip_lanes_16") / 8
    for scheme, logic in (("pg", gating), ("full", 0)):
        found = simulate(trace, arch, scheme).layers
        expected = found["time_us"] * (8 * 16.106 + 192 * 0.396371 + logic)
        assert found["energy_leakage_pj"].to_list() == close(expected.to_list())


@pytest.mark.parametrize("scheme", ["dual_dense", "uniform:8,8", "full", "msb_only"])
def test_gating_costs_nothing_where_no_mask_steers(scheme: str) -> None:
    found = energy({"lsb.scheduler": "combine"}, scheme)
    assert found["energy_gating_pj"] == 0
    assert found["energy_pj"] > 0


def test_the_total() -> None:
    # Every figure as its source has it. PEs and SRAM as above; a 130 nm figure in units of that
    # fixed PE's 7.2682 pJ and 2.0022 nW, which are 0.20344 pJ and 16.106 uW at 45 nm.
    found = energy({"lsb.window": 256})
    comparators, scheduler = 6 * 0.68495, 6 / 8 * 0.56758
    table = 3 * 8 * (1.08629 + 2.40231) / 32
    leaking_uw = 8 * 16.106 + 192 * 0.396371 + 0.203313
    leaking_uw += (2 * 0.0002222 + 0.00014667 / 8) / 0.0020022 * 16.106
    expected = {
        "pe": (27 + 0.1 * 125) * 0.20344,
        "gating": (comparators + scheduler) / 7.2682 * 0.20344 + table,
        "sram": 4 * 16 * 1.28823 + 1.5 * 16 * 3.955,
        "dram": 3 * 128 * 8,
        "leakage": 0.038 * leaking_uw,
    }
    assert {part: found[f"energy_{part}_pj"] for part in expected} == close(expected)
    assert found["energy_pj"] == close(sum(expected.values()))
    assert found["energy_pj_per_image"] == found["energy_pj"]
    assert found["energy_delay_product_pj_s"] == close(found["energy_pj"] * 0.038e-6)
