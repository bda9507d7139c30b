"""Energy and area of a tiny layer, from the figures of the sources that 45nm.yaml names.

6 positions by 1 channel, D = 3, 3 outputs gated, on a 4 x 2 array of fixed 8-bit PEs, `ws`. It runs
for 19 cycles (test_edge_cases.test_one_channel). Buffers are 64 banks of 1 KiB with 512-bit ports.
"""

from __future__ import annotations

import pytest
import yaml
from designs import design, drawn, linear, trace_of

from pgsim import InputError, load_arch, simulate
from pgsim.arch import gating_cost, load_technology
from pgsim.energy import area_mm2, costs_of
from pgsim.files import shipped

# Bit Fusion's fixed 8-bit unit, and what pgsim's own RTL costs in a 130 nm library.
FIXED = {"area_um2": 510.73, "dynamic_pj_per_cycle": 0.20344, "leakage_uw": 16.106}
SYNTHESIZED = yaml.safe_load(shipped("arch_configs/technology", "sky130", ".yaml").read_text())[
    "modules"
]


def gates(figure: str, module: str) -> float:
    """A module's figure at 45 nm: as many fixed 8-bit units as it is at 130 nm."""
    fixed: float = SYNTHESIZED["fixed_8x8"][figure]
    return float(SYNTHESIZED[module][figure] / fixed * FIXED[figure])


def stream_bit(figure: str) -> float:
    """A bit of an operand stream: what 3 of 32 bits add to a fusion PE, over 96."""
    return (gates(figure, "fusion_8x8_4_streams") - gates(figure, "fusion_8x8")) / 96


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
    # 19 cycles at 500 MHz are 0.038 us. 8 PEs of 16.106 uW, 3 * 64 banks of 0.396371 uW; and what
    # gates: 2 comparators, an eighth of the scheduler, a table of 512 bytes of 0.203313 uW.
    gating = 2 * gates("leakage_uw", "comparator_32") + 0.203313
    gating += gates("leakage_uw", "scheduler_skip_lanes_16") / 8
    found = energy({"lsb.window": 256})["energy_leakage_pj"]
    assert found == close(0.038 * (8 * 16.106 + 192 * 0.396371 + gating))


def test_gating_logic_leaks_only_where_it_works() -> None:
    found = energy({"lsb.window": 256}, "full")
    assert found["energy_leakage_pj"] == close(found["time_us"] * (8 * 16.106 + 192 * 0.396371))


# Gating logic is priced by the gate-level table, relative to its fixed 8-bit PE. 3 slots of 6 are
# active, in one lane of 2: schedulers of 16 lanes cost an eighth. The issue table, a bank of SRAM,
# holds two windows, of as many slots as make it one of CACTI's sizes. A word is written and read.
# Fixed PEs take one LSB operand of 2 bits a cycle, and there are 9 busy PE cycles.
TABLE_128, TABLE_512 = (0.78964 + 1.09259) / 32, (1.08629 + 2.40231) / 32  # pJ a bit, by bytes
TABLE_2048 = (2.17434 + 4.37124) / 32
COMPARISONS = 6 * gates("dynamic_pj_per_cycle", "comparator_32")
SKIP = 6 / 8 * gates("dynamic_pj_per_cycle", "scheduler_skip_lanes_16")
COMBINE = 6 / 8 * gates("dynamic_pj_per_cycle", "scheduler_combine_lanes_16_ways_4_open_8")
QUEUE = 6 / 8 * gates("dynamic_pj_per_cycle", "scheduler_queue_lanes_16_depth_16_scan_4")
STREAM_BIT = stream_bit("dynamic_pj_per_cycle")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scheduler": "dense"}, COMPARISONS),
        # Words of an 8-bit address, of which 3 are written and read, and ideally 2.
        ({"scheduler": "skip", "window": 256}, COMPARISONS + SKIP + 3 * 8 * TABLE_512),
        ({"scheduler": "ideal", "window": 256}, COMPARISONS + SKIP + 2 * 8 * TABLE_512),
        # 8 addresses of 7 bits, and for each lane 1 + 3 bits: 64. 7 further streams.
        (
            {"scheduler": "combine", "window": 128, "ways": 8},
            COMPARISONS + COMBINE + 3 * 64 * TABLE_2048 + 9 * 7 * 2 * STREAM_BIT,
        ),
        # Half as many open issue slots, one way: an address of 6 bits and a bit for each lane.
        (
            {"scheduler": "combine", "window": 64, "ways": 1, "open": 4},
            COMPARISONS + COMBINE / 2 + 3 * 8 * TABLE_128,
        ),
        # An address and a bit for each lane: 16. One of 2 columns passes on a further stream.
        (
            {"scheduler": "queue", "window": 128},
            COMPARISONS + QUEUE + 3 * 16 * TABLE_512 + 9 * 0.5 * 2 * STREAM_BIT,
        ),
    ],
)
def test_gating(changes: dict[str, object], expected: float) -> None:
    found = energy({f"lsb.{key}": value for key, value in changes.items()})["energy_gating_pj"]
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scheme", ["dual_dense", "uniform:8,8", "full", "msb_only"])
def test_gating_costs_nothing_where_no_mask_steers(scheme: str) -> None:
    found = energy({"lsb.scheduler": "combine"}, scheme)
    assert found["energy_gating_pj"] == 0
    assert found["energy_pj"] > 0


def test_the_total() -> None:
    found = energy({"lsb.scheduler": "dense"})
    parts = ("pe", "gating", "sram", "dram", "leakage")
    assert found["energy_pj"] == close(sum(found[f"energy_{part}_pj"] for part in parts))
    assert found["energy_pj_per_image"] == found["energy_pj"]
    assert found["energy_delay_product_pj_s"] == close(found["energy_pj"] * found["time_us"] * 1e-6)


@pytest.mark.parametrize(
    ("changes", "scheduler", "further_bits", "table_bits"),
    [
        ({"scheduler": "dense"}, {}, 0, 0),
        ({"scheduler": "skip"}, {"scheduler_skip_lanes_16": 1 / 8}, 0, 12),
        # 3 further streams of 8 bits; 4 addresses of 12 bits, and for each lane 1 + 2 bits.
        (
            {"scheduler": "combine"},
            {"scheduler_combine_lanes_16_ways_4_open_8": 1 / 8},
            3 * 8,
            4 * 12 + 2 * 3,
        ),
        ({"scheduler": "queue"}, {"scheduler_queue_lanes_16_depth_16_scan_4": 1 / 8}, 4, 2 * 13),
    ],
)
def test_area(
    changes: dict[str, object], scheduler: dict[str, float], further_bits: int, table_bits: int
) -> None:
    arch = design({f"lsb.{key}": value for key, value in changes.items()})
    found = area_mm2(costs_of(arch))
    # 2 comparators, the scheduler, streams through 8 PEs, two windows of 4096 slots (`os`).
    gating = 2 * gates("area_um2", "comparator_32")
    gating += sum(share * gates("area_um2", name) for name, share in scheduler.items())
    gating += 8 * further_bits * stream_bit("area_um2") + 2 * 4096 * table_bits * 0.692
    # Bit Fusion: 510.73 um2 a PE. 3 * 64 KiB at 0.346 um2 a bit and an array efficiency of 0.5.
    expected = {"pe": 4085.84e-6, "sram": 3 * 64 * 8192 * 0.692e-6, "gating": gating * 1e-6}
    assert found == pytest.approx(expected, rel=1e-9)
    summary = simulate(trace_of(LAYER, MASK), arch).summary
    assert summary["area_mm2"] == close(sum(expected.values()))


def test_a_design_that_gates_nothing_has_no_gating_logic() -> None:
    ungated = energy({"lsb.scheduler": "combine"}, "uniform:8,8")["area_mm2"]
    assert ungated == close(4085.84e-6 + 3 * 64 * 8192 * 0.692e-6)


def test_pes_of_a_shipped_design() -> None:
    # 256 fusion units of 1734.55 um2 (Bit Fusion).
    found = area_mm2(costs_of(load_arch("pg_os")))
    assert found["pe"] == close(256 * 1734.55e-6)
    # 16 comparators, the scheduler as synthesized, 256 PEs * 3 streams * 32 bits (16 products of
    # 2-bit operands a cycle), two windows of 256 slots of 4 addresses and 16 lanes of 1 + 2 bits.
    gating = 16 * gates("area_um2", "comparator_32") + 2 * 256 * (4 * 8 + 16 * 3) * 0.692
    gating += gates("area_um2", "scheduler_combine_lanes_16_ways_4_open_8")
    gating += 256 * 3 * 32 * stream_bit("area_um2")
    assert found["gating"] == close(gating * 1e-6)


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
def test_streams_are_as_wide_as_what_a_pe_takes_in_a_cycle(
    kind: str, lanes: str, bits: int
) -> None:
    arch = design({"lsb.scheduler": "combine", "array.pe.kind": kind, "array.lanes": lanes})
    result = simulate(trace_of(LAYER, MASK), arch)
    gating = gating_cost(load_technology("45nm"), arch)
    table_pj = gating.issue_table.read_pj_per_word + gating.issue_table.write_pj_per_word
    found = result.summary
    # What is left of the comparators, the scheduler and the table is the 3 further streams'.
    streams = found["energy_gating_pj"] - found["lsb_slots_issued"] * table_pj
    streams -= found["outputs"] * gates("dynamic_pj_per_cycle", "comparator_32")
    scheduler = gates("dynamic_pj_per_cycle", "scheduler_combine_lanes_16_ways_4_open_8") / 8
    streams -= found["lsb_slots_dense"] * scheduler
    expected = found["lsb_busy_pe_cycles"] * 3 * bits * STREAM_BIT
    assert streams == pytest.approx(expected, rel=1e-6)
