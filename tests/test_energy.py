"""Energy and area of a tiny layer, from the figures of the sources that 45nm.yaml names.

6 positions by 1 channel, D = 3, 3 outputs gated, on a 4 x 2 array of fixed 8-bit PEs, `ws`. It runs
for 19 cycles (test_edge_cases.test_one_channel). Buffers are 64 banks of 1 KiB with 512-bit ports.
"""

from __future__ import annotations

import pytest
import yaml
from designs import design, drawn, linear, trace_of
from pgsim.energy import area_mm2, costs_of

from pgsim import GateTrace, InputError, load_arch, simulate
from pgsim.files import shipped

# Bit Fusion's fixed 8-bit unit, and what pgsim's own RTL costs in a 130 nm library.
FIXED = {"area_um2": 510.73, "dynamic_pj_per_cycle": 0.20344, "leakage_uw": 16.106}
SYNTHESIZED = yaml.safe_load(shipped("arch_configs/synthesis", "sky130", ".yaml").read_text())[
    "modules"
]


def gates(figure: str, module: str) -> float:
    """A module's figure at 45 nm: as many fixed 8-bit units as it is at 130 nm."""
    fixed: float = SYNTHESIZED["fixed_8x8"][figure]
    return float(SYNTHESIZED[module][figure] / fixed * FIXED[figure])


def stream_bit(figure: str, kind: str = "fixed") -> float:
    """A bit of a stream: what 3 of 8 bits add to a fixed PE, over 24; of a fusion PE's 32, 96."""
    added = gates(figure, f"{kind}_8x8_4_streams") - gates(figure, f"{kind}_8x8")
    return added / {"fixed": 24, "fusion": 96}[kind]


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


# 2 lanes, 4 slots of one active lane each (A = E = 4), D = 6 of 2-bit LSBs: two folds of 4 rows.
# Two slots share an issue slot where a scheduler lets them. Schedulers of 16 lanes cost an eighth
# for 2. The issue table holds two windows, of as many slots as make it, or a bank of it, 512 bytes:
# CACTI's 1.08629 pJ to read 32 bits and 2.40231 to write them.
PAIRED, PAIRED_MASK = linear(4, 6, 2), drawn("x.x. .x.x")
READ, WRITE = 1.08629 / 32, 2.40231 / 32
COMPARISONS = 8 * gates("dynamic_pj_per_cycle", "comparator_32")
SKIP = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_skip_lanes_16")
COMBINE = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_combine_lanes_16_ways_4_open_8")
QUEUE = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_queue_lanes_16_depth_16_scan_4")
STREAM_BIT = stream_bit("dynamic_pj_per_cycle")
# An entry of 2 addresses of 7 bits, and for each lane which: 16 bits, written slot by slot.
# 2 vectors more than issue slots, 6 * 2 bits each, pass both columns.
COMBINED = COMPARISONS + COMBINE + 4 * 16 * WRITE + 2 * 2 * 12 * STREAM_BIT


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lsb.scheduler": "dense"}, COMPARISONS),
        # Entries of 8 bits: written once, read in both folds; an ideal scheduler reads 2 of them.
        ({"lsb.window": 256}, COMPARISONS + SKIP + 4 * 8 * (WRITE + 2 * READ)),
        ({"lsb.window": 256, "array.dataflow": "os"}, COMPARISONS + SKIP + 4 * 8 * (WRITE + READ)),
        (
            {"lsb.scheduler": "ideal", "lsb.window": 256},
            COMPARISONS + SKIP + 4 * 8 * WRITE + 2 * 2 * 8 * READ,
        ),
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "lsb.ways": 2},
            COMBINED + 2 * 2 * 16 * READ,
        ),
        # No more lanes than 2 can share a slot, whatever `ways` allows.
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "lsb.ways": 8},
            COMBINED + 2 * 2 * 16 * READ,
        ),
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "array.dataflow": "os"},
            COMBINED + 2 * 16 * READ,
        ),
        # One way and half as many open issue slots: one address of 8 bits, like `skip`.
        (
            {"lsb.scheduler": "combine", "lsb.window": 256, "lsb.ways": 1, "lsb.open": 4},
            COMPARISONS + COMBINE / 2 + 4 * 8 * (WRITE + 2 * READ),
        ),
        # A bank of 8-bit addresses for each lane: 4 entries written, 2 slot times * 2 folds * 2
        # banks read. Vectors pass 1 or 2 columns, 6 in all, of which 2 slots' are not further.
        (
            {"lsb.scheduler": "queue", "lsb.window": 256},
            COMPARISONS + QUEUE + 4 * 8 * WRITE + 8 * 8 * READ + (6 - 4) * 12 * STREAM_BIT,
        ),
    ],
)
def test_gating(changes: dict[str, object], expected: float) -> None:
    arch = design({"array.dataflow": "ws"} | changes)
    found = simulate(trace_of(PAIRED, PAIRED_MASK), arch).summary["energy_gating_pj"]
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_queue_has_no_further_streams_where_the_first_would_do() -> None:
    # One lane of 2: 3 entries pass 1.5 columns each, fewer than 3 slots' pass as it is.
    found = energy({"lsb.scheduler": "queue", "lsb.window": 256})["energy_gating_pj"]
    expected = 6 / 8 * COMPARISONS + 6 / 4 * QUEUE
    assert found == pytest.approx(expected + 3 * 8 * WRITE + 3 * 2 * 8 * READ, rel=1e-6)


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


@pytest.mark.parametrize(
    ("changes", "scheduler", "further_bits", "table_bits"),
    [
        ({"scheduler": "dense"}, {}, 0, 0),
        ({"scheduler": "skip"}, {"scheduler_skip_lanes_16": 1 / 8}, 0, 12),
        # One further stream of 8 bits (2 lanes); 2 addresses of 12 bits, and for each lane which.
        (
            {"scheduler": "combine"},
            {"scheduler_combine_lanes_16_ways_4_open_8": 1 / 8},
            8,
            2 * 12 + 2,
        ),
        ({"scheduler": "queue"}, {"scheduler_queue_lanes_16_depth_16_scan_4": 1 / 8}, 4, 2 * 12),
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
    # 2-bit operands a cycle), two windows of 256 slots of 4 addresses and 16 lanes of 2 bits.
    gating = 16 * gates("area_um2", "comparator_32") + 2 * 256 * (4 * 8 + 16 * 2) * 0.692
    gating += gates("area_um2", "scheduler_combine_lanes_16_ways_4_open_8")
    gating += 256 * 3 * 32 * stream_bit("area_um2", "fusion")
    assert found["gating"] == close(gating * 1e-6)


@pytest.mark.parametrize(
    ("kind", "lanes", "bits"),
    [
        ("fusion", "channels", 16 * 2),  # 16 products of 2-bit operands
        ("fusion", "positions", 16 * 2),
        ("serial_activation", "channels", 16),  # a bit of each of 16 terms
        ("serial_activation", "positions", 16 * 8),  # the weights of 16 terms in a cycle
        ("serial_weight", "channels", 16 * 8),
        ("serial_both", "channels", 16),
    ],
)
def test_streams_are_as_wide_as_what_a_pe_takes_in_a_cycle(
    kind: str, lanes: str, bits: int
) -> None:
    changes = {"array.pe.kind": kind, "array.lanes": lanes, "lsb.window": 4096}
    arch = design({"lsb.scheduler": "combine"} | changes)
    gating = 2 * gates("area_um2", "comparator_32") + 2 * 4096 * (2 * 12 + 2) * 0.692
    gating += gates("area_um2", "scheduler_combine_lanes_16_ways_4_open_8") / 8
    gating += 8 * bits * stream_bit("area_um2", "fusion" if kind == "fusion" else "fixed")
    assert area_mm2(costs_of(arch))["gating"] == close(gating * 1e-6)


@pytest.mark.parametrize("kind", ["fixed", "fusion", "serial_activation", "serial_both"])
def test_further_streams_of_weights(kind: str) -> None:
    # Slots are channels: 4 of one active lane each, paired, so that 2 vectors of 6 8-bit weights
    # more than issue slots pass both columns. `skip` differs by its scheduler and table only.
    layer, mask = linear(2, 6, 4), drawn("x. .x x. .x")
    changes = {"array.pe.kind": kind, "array.lanes": "positions"}
    table = {"combine": 4 * 16 * WRITE + 2 * 16 * READ, "skip": 4 * 8 * (WRITE + READ)}
    logic = {"combine": COMBINE, "skip": SKIP}
    left = {}
    for scheduler, window in (("combine", 128), ("skip", 256)):
        arch = design(changes | {"lsb.scheduler": scheduler, "lsb.window": window})
        found = simulate(trace_of(layer, mask), arch).summary["energy_gating_pj"]
        left[scheduler] = found - table[scheduler] - logic[scheduler] - COMPARISONS
    bit = stream_bit("dynamic_pj_per_cycle", "fusion" if kind == "fusion" else "fixed")
    expected = {"combine": 2 * 6 * 8 * 2 * bit, "skip": 0}
    assert left == pytest.approx(expected, rel=1e-6, abs=1e-6)
