"""Area of designs, from the figures of the sources that 45nm.yaml names (M29)."""

from __future__ import annotations

import pytest
from designs import design, drawn, linear, trace_of
from unit_costs import close, gates, sram_um2, stream_bit

from pgsim import load_arch, simulate
from pgsim.cost import area_mm2, costs_of

LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")


def energy(changes: dict[str, object] | None = None, scheme: str = "pg") -> dict[str, float]:
    arch = design({"array.dataflow": "ws"} | (changes or {}))
    return simulate(trace_of(LAYER, MASK), arch, scheme).summary


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
    gating += 8 * further_bits * stream_bit("area_um2")
    if table_bits:  # of which `queue` has a bank a lane
        gating += sram_um2(2 * 4096 * table_bits, 2 if changes["scheduler"] == "queue" else 1)
    # Bit Fusion: 510.73 um2 a PE. CACTI: 3 * 64 banks of 1 KiB.
    expected = {"pe": 4085.84e-6, "sram": 3 * 64 * 8755.0e-6, "gating": gating * 1e-6}
    assert found == pytest.approx(expected, rel=1e-9)
    summary = simulate(trace_of(LAYER, MASK), arch).summary
    assert summary["area_mm2"] == close(sum(expected.values()))


@pytest.mark.parametrize(
    ("window", "doubled", "slots", "address_bits"),
    [
        (4096, False, 4096, 12),  # of one window, not of two
        (4096, True, 2 * 4096, 12),
        (1024, True, 2 * 1024, 10),
        (1028, True, 2 * 1028, 11),  # numbers up to 1027
        (4, True, 2 * 4, 2),
    ],
)
def test_the_issue_table_holds_the_addresses_of_its_windows(
    window: int, doubled: bool, slots: int, address_bits: int
) -> None:
    changes = {"lsb.window": window, "memory.double_buffered": doubled}
    found = area_mm2(costs_of(design(changes)))["gating"]
    gating = 2 * gates("area_um2", "comparator_32")
    gating += gates("area_um2", "scheduler_skip_lanes_16") / 8
    assert found == close((gating + sram_um2(slots * address_bits)) * 1e-6)


@pytest.mark.parametrize(("window", "address_bits"), [(1, 1), (2, 1), (3, 2)])
def test_a_slot_has_an_address_of_one_bit_at_least(window: int, address_bits: int) -> None:
    arch = design({"array.dataflow": "ws", "lsb.window": window})
    gating = 2 * gates("area_um2", "comparator_32") + sram_um2(2 * window * address_bits)
    gating += gates("area_um2", "scheduler_skip_lanes_16") / 8
    assert area_mm2(costs_of(arch))["gating"] == close(gating * 1e-6)


def test_a_design_that_gates_nothing_has_no_gating_logic() -> None:
    ungated = energy({"lsb.scheduler": "combine"}, "uniform:8,8")["area_mm2"]
    assert ungated == close(4085.84e-6 + 3 * 64 * 8755.0e-6)


def test_pes_of_a_shipped_design() -> None:
    # 256 fusion units of 1734.55 um2 (Bit Fusion).
    found = area_mm2(costs_of(load_arch("pg_os")))
    assert found["pe"] == close(256 * 1734.55e-6)
    # 16 comparators, the scheduler as synthesized, 256 PEs * 3 streams * 32 bits (16 products of
    # 2-bit operands a cycle), two windows of 256 slots of 4 addresses and 16 lanes of 2 bits.
    gating = 16 * gates("area_um2", "comparator_32") + sram_um2(2 * 256 * (4 * 8 + 16 * 2))
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
    found = streams_um2({"array.pe.kind": kind, "array.lanes": lanes})
    assert found == close(
        8 * bits * stream_bit("area_um2", "fusion" if kind == "fusion" else "fixed")
    )


def test_an_array_that_predicts_has_no_further_streams() -> None:
    """One row of four predicts: streams of 8 bits pass 3 x 2 PEs (M59). The PEs are as many."""
    share = {"array.predictor_share": 0.25}
    assert streams_um2(share) == close(6 * 8 * stream_bit("area_um2"))
    one, two = (area_mm2(costs_of(design(each))) for each in ({}, share))
    assert one == two  # `skip` has none


@pytest.mark.parametrize("bits", [1, 3, 5, 8])
@pytest.mark.parametrize(
    ("lanes", "operand"), [("channels", "activation"), ("positions", "weight")]
)
def test_a_fixed_pe_takes_an_operand_a_cycle(lanes: str, operand: str, bits: int) -> None:
    found = streams_um2({f"array.pe.max_{operand}_bits": bits, "array.lanes": lanes})
    assert found == close(8 * bits * stream_bit("area_um2"))


def streams_um2(changes: dict[str, object]) -> float:
    """The area of the further stream of each PE under `combine`: what is left of the gating's."""
    arch = design({"lsb.scheduler": "combine", "lsb.window": 4096} | changes)
    gating = 2 * gates("area_um2", "comparator_32") + sram_um2(2 * 4096 * (2 * 12 + 2))
    gating += gates("area_um2", "scheduler_combine_lanes_16_ways_4_open_8") / 8
    return area_mm2(costs_of(arch))["gating"] * 1e6 - gating
