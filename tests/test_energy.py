"""Energy and area of a tiny layer, from the figures of the sources that 45nm.yaml names.

6 positions by 1 channel, D = 3, 3 outputs gated, on a 4 x 2 array of fixed 8-bit PEs, `ws`. It runs
for 19 cycles (test_edge_cases.test_one_channel). Buffers are 64 banks of 1 KiB with 512-bit ports.
"""

from __future__ import annotations

import pytest
from designs import design, drawn, linear, trace_of

from pgsim import InputError, load_arch, simulate
from pgsim.energy import area_mm2, costs_of

LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")


def energy(changes: dict[str, object] | None = None, scheme: str = "pg") -> dict[str, float]:
    arch = design({"array.dataflow": "ws"} | (changes or {}))
    return simulate(trace_of(LAYER, MASK), arch, scheme).summary


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-9)


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
    # 19 cycles at 500 MHz are 0.038 us. 8 PEs of 16.106 uW, 3 * 64 banks of 0.396371 uW.
    assert energy()["energy_leakage_pj"] == close(0.038 * (8 * 16.106 + 192 * 0.396371))


# Horowitz: a 32-bit comparison as its addition, 0.1 pJ, for each of 6 outputs; a bit of logic as an
# eighth of an 8-bit addition, 0.03 pJ. A stored bit: 0.0247 pJ to read and 0.0341 to write. An
# address names one of 4096 slots: 12 bits.
SCAN = 6 * 2 * 0.03 / 8  # 6 slots of 2 columns


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ("dense", 0.6),
        ("skip", 0.6 + SCAN),
        ("ideal", 0.6 + SCAN),
        # 3 active slots compared with 8 open ones of 2 columns; selectors of 3 more ways and 2 bits
        # (fixed PEs take one LSB operand a cycle) in 9 busy PE cycles; 3 table rows of 2 + 12 bits.
        ("combine", 0.6 + SCAN + (3 * 8 * 2 + 9 * 3 * 2) * 0.03 / 8 + 3 * 14 * 0.0588),
        ("queue", 0.6 + SCAN + 3 * 12 * 0.0588),  # 3 entries
    ],
)
def test_gating(scheduler: str, expected: float) -> None:
    assert energy({"lsb.scheduler": scheduler})["energy_gating_pj"] == close(expected)


@pytest.mark.parametrize("scheme", ["dual_dense", "uniform:8,8", "full", "msb_only"])
def test_gating_costs_nothing_where_no_mask_steers(scheme: str) -> None:
    found = energy({"lsb.scheduler": "combine"}, scheme)
    assert found["energy_gating_pj"] == 0
    assert found["energy_pj"] > 0


def test_the_total() -> None:
    # 8.03588 + 0.645 + 177.36672 + 3072 + 7.788146816
    assert energy()["energy_pj"] == close(3265.835746816)
    assert energy()["energy_pj_per_image"] == close(3265.835746816)
    # Of one image: 3265.835746816 pJ * 0.038 us.
    assert energy()["energy_delay_product_pj_s"] == close(3265.835746816 * 0.038e-6)


@pytest.mark.parametrize(
    ("scheduler", "gating_um2"),
    [
        ("skip", 274),  # a 32-bit comparator, 137 um2, for each of 2 columns
        # A bit: an eighth of 36 um2. 8 PEs * 3 ways * 8 bits; 8 open slots of 2 + 12 bits.
        ("combine", 274 + (192 + 112) * 4.5),
        ("queue", 274 + 2 * 16 * 12 * 4.5),  # 2 FIFOs of 16 entries of 12 bits
    ],
)
def test_area(scheduler: str, gating_um2: float) -> None:
    arch = design({"lsb.scheduler": scheduler})
    found = area_mm2(costs_of(arch))
    # Bit Fusion: 510.73 um2 a PE. 3 * 64 KiB at 0.346 um2 a bit and an array efficiency of 0.5.
    expected = {"pe": 4085.84e-6, "sram": 3 * 64 * 8192 * 0.692e-6, "gating": gating_um2 * 1e-6}
    assert found == pytest.approx(expected, rel=1e-9)
    assert energy({"lsb.scheduler": scheduler})["area_mm2"] == close(sum(expected.values()))


def test_a_design_that_gates_nothing_has_no_gating_logic() -> None:
    ungated = energy({"lsb.scheduler": "combine"}, "uniform:8,8")["area_mm2"]
    assert ungated == close(4085.84e-6 + 3 * 64 * 8192 * 0.692e-6)


def test_addresses_are_as_wide_as_the_window_is_deep() -> None:
    # A window of 4 slots needs 2 bits: 3 entries of 2 stored bits, and FIFOs of 2-bit entries.
    small = {"lsb.scheduler": "queue", "lsb.window": 4}
    assert energy(small)["energy_gating_pj"] == close(0.6 + SCAN + 3 * 2 * 0.0588)
    area = area_mm2(costs_of(design(small)))["gating"]
    assert area == close((274 + 2 * 16 * 2 * 4.5) * 1e-6)


def test_pes_of_a_shipped_design() -> None:
    # 256 fusion units of 1734.55 um2 (Bit Fusion).
    found = area_mm2(costs_of(load_arch("pg_os")))
    assert found["pe"] == close(256 * 1734.55e-6)
    # Comparators of 16 columns; 256 PEs * 3 ways * 32 bits (16 products of 2-bit operands a cycle);
    # 8 open slots of 16 columns and 8 bits that name one of 256 slots.
    bits = 256 * 3 * 32 + 8 * (16 + 8)
    assert found["gating"] == close((16 * 137 + bits * 4.5) * 1e-6)


@pytest.mark.parametrize(
    ("kind", "lanes", "bits"),
    [
        # The LSB pass has 2-bit activations, 8-bit weights: a fusion PE takes 4 operands a cycle.
        ("fusion", "channels", 4 * 2),
        ("fusion", "positions", 4 * 8),  # slots are channels: the selector picks weights
        ("serial_activation", "channels", 16),  # a bit of each of 16 terms
        ("serial_weight", "channels", 4),  # 16 operands of 2 bits in 8 cycles
    ],
)
def test_selectors_are_as_wide_as_what_a_pe_takes_in_a_cycle(
    kind: str, lanes: str, bits: int
) -> None:
    arch = design({"lsb.scheduler": "combine", "array.pe.kind": kind, "array.lanes": lanes})
    one_way = arch.override({"lsb.ways": 1})

    four, one = (simulate(trace_of(LAYER, MASK), each).summary for each in (arch, one_way))
    # What 3 more ways add is the selectors', in each busy PE cycle.
    added = four["energy_gating_pj"] - one["energy_gating_pj"]
    assert added == close(four["lsb_busy_pe_cycles"] * 3 * bits * 0.03 / 8)
