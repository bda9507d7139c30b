"""A gated design beside its alternatives: a layer worked by hand, and what a reader is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from designs import conv, design, drawn, linear, trace_of

from pgsim import GateTrace, load_trace, simulate
from pgsim.study.comparison import BASELINE, EQUAL_AREA, GATED, Comparison, alternatives, compare
from pgsim.study.waterfalls import STEPS

# 6 positions by 1 channel, D = 3, `ws` on 4 x 2 fixed PEs, three outputs gated: PG takes 19 cycles
# (test_edge_cases.test_one_channel). One dense pass: 6, the skew of 4, DRAM 2. Two: 6 more. An
# ideal scheduler issues ceil(3 / 2) slots, one less than `skip`.
LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")
CYCLES = {
    "PG": 19,
    "uniform 8,8": 12,
    "uniform 8, own weights": 12,
    "uniform 8,8, fixed PEs": 12,
    "uniform 8,8, equal PE area (4x2)": 12,
    "ungated, all bits": 12,
    "both passes dense": 18,
    "MSBs only": 12,
    "PG, ideal scheduler": 18,
}


@pytest.fixture(scope="module")
def by_hand() -> Comparison:
    trace = trace_of(LAYER, MASK, mask_source="captured")
    return compare(trace, design({"array.dataflow": "ws"}))


def test_designs_and_their_speedups(by_hand: Comparison) -> None:
    designs = by_hand.designs.set_index("design")
    assert designs["cycles"].to_dict() == CYCLES
    speedups = {name: 12 / cycles for name, cycles in CYCLES.items()}
    assert designs["speedup"].to_dict() == pytest.approx(speedups, rel=1e-12)
    ratios = designs.loc[BASELINE, "energy_pj"] / designs["energy_pj"]
    assert np.allclose(designs["energy_ratio"], ratios, rtol=1e-12)
    assert designs.loc[BASELINE, "energy_ratio"] == 1


def test_the_layers_of_all_designs_stand_in_one_table(by_hand: Comparison) -> None:
    layers = by_hand.layers
    assert layers.columns[0] == "design"
    assert layers["design"].tolist() == list(CYCLES)
    assert layers["cycles"].tolist() == list(CYCLES.values())


def test_the_waterfall_by_hand(by_hand: Comparison) -> None:
    # Fixed PEs gain nothing from narrow operands: the promise is lost, and PG is the slower design.
    # Rounding: (6 + 3) * 3 MACs / 8 PEs. Edges: 6 + 2 ideal slots; then 3 slots; skews of 8; DRAM.
    totals = [12, 4.5, 3.375, 8, 9, 9, 9, 9, 17, 19]
    table = by_hand.waterfall
    assert table.columns.tolist() == ["layer", "step", "total_cycles", "change_cycles", "meaning"]
    for _, own in table.groupby("layer"):
        assert own["step"].tolist() == list(STEPS)
        assert own["total_cycles"].tolist() == totals
        assert own["change_cycles"].tolist() == [0, *np.diff(totals)]
    assert table["layer"].unique().tolist() == ["linear", "network"]


def test_a_finding_where_nothing_survives(by_hand: Comparison) -> None:
    # 12 / 19 as fast; 12 / 4.5 promised; bubbles cost 8 of the 7.5 cycles promised. Ungated and on
    # as many fixed PEs, 12 of PG's 19 cycles.
    parts = (
        "test-4x2",
        "2.67x",
        "at 0.63x the speed of uniform 8,8",
        "nothing of the promised saving survives",
        "the largest loss is bubbles (107% of it)",
        "takes 0.63x",
    )
    for part in (*parts, "equal area (4x2) take 0.63x"):
        assert part in by_hand.finding


def test_the_finding_says_how_much_survives_and_where_the_rest_went() -> None:
    found = compare()
    table = found.waterfall.set_index(["layer", "step"]).loc["network"]
    total, change = table["total_cycles"], table["change_cycles"]
    saved = total["baseline"] - total["DRAM stalls"]
    promised = total["baseline"] - total["promise"]
    imbalance = change["lane imbalance"] / promised
    assert f"{total['baseline'] / total['DRAM stalls']:.2f}x as fast" in found.finding
    assert f"{saved / promised:.0%} of the promised saving survives" in found.finding
    assert f"the largest loss is lane imbalance ({imbalance:.0%} of it)" in found.finding
    assert change["lane imbalance"] == max(change[2:])
    assert "\n" not in found.finding


def test_the_promise_by_hand(by_hand: Comparison) -> None:
    # 2 + 2 / 2 average bits.
    assert by_hand.promise == pytest.approx(
        {"8 / average bits": 8 / 3, "64 / (average bits x w)": 8 / 3}
    )


def test_the_promise_is_weighted_by_macs() -> None:
    # 60 MACs at 3 average bits and 4-bit weights, 30 ungated at 8 by 8 bits.
    gated = linear(6, 10, 1, name="gated", weight_bits=4)
    plain = linear(2, 5, 3, name="plain", gate="none", activation_bits=8, msb_bits=None)
    trace = GateTrace.from_masks({"gated": MASK}, [plain, gated])
    expected = {
        "8 / average bits": 8 * 90 / (60 * 3 + 30 * 8),
        "64 / (average bits x w)": 64 * 90 / (60 * 3 * 4 + 30 * 8 * 8),
    }
    assert compare(trace, design()).promise == pytest.approx(expected, rel=1e-12)


def test_a_finding_where_nothing_is_promised() -> None:
    wide = linear(6, 3, 1, activation_bits=16, msb_bits=8)
    found = compare(trace_of(wide, MASK), design())
    assert "promises no saving" in found.finding
    # 16 bits of activations by 4 of weights, all of them computed, are as much as 8 by 8.
    even = linear(6, 3, 1, activation_bits=16, msb_bits=8, weight_bits=4)
    found = compare(trace_of(even, drawn("xxxxxx")), design())
    assert ", where counting bits promises no saving." in found.finding


def test_equal_area_scales_columns_or_rows_or_both() -> None:
    # 1734.55 / 510.73 = 3.396 fixed PEs of 8 bits in the area of a fusion unit. 4 rows become 13, 2
    # columns 6; both: 4 * sqrt(3.396) = 7.37, and 8 * 3.396 / 7 = 3.88.
    assert shapes(4, 2) == {(4, 6), (13, 2), (7, 3)}
    # 16 to 54; 16 * 1.843 = 29.5, and 256 * 3.396 / 29 = 29.98.
    assert shapes(16, 16) == {(16, 54), (54, 16), (29, 29)}


def test_equal_area_of_one_row_of_small_pes() -> None:
    # 81.07 / 510.73 = 0.159 fixed PEs of 8 bits in the area of one of 2 bits: 16 columns become 2;
    # one row becomes none, which no array has, and scaled in both ways it stays one row.
    narrow = {"array.pe.max_activation_bits": 2, "array.pe.max_weight_bits": 2}
    assert shapes(1, 16, narrow | {"array.pe.kind": "fixed"}) == {(1, 2)}


def test_equal_area_leaves_out_what_no_array_can_be() -> None:
    assert shapes(4, 304) == {(13, 304), (7, 589)}  # not 1032 columns
    assert shapes(1024, 1024) == set()
    # Half of 32 KiB are 131,072 bits: 7 x 589 sums of 32 bits, one fold's, do not fit.
    assert shapes(4, 304, kib=32) == {(13, 304)}
    # As many PEs as before are just as wide as an array may be, or just one.
    for side in (1, 1024):
        assert shapes(side, side, {"array.pe.kind": "fixed"}) == {(side, side)}


FUSION = {"array.pe.kind": "fusion"}


def shapes(
    rows: int, columns: int, pe: dict[str, object] = FUSION, kib: int = 1 << 16
) -> set[tuple[int, int]]:
    large = {"array.rows": rows, "array.columns": columns, "memory.output_sram.kib": kib}
    arch = design(pe | large)
    variants = alternatives(arch)[EQUAL_AREA]
    assert {(arch.array.pe.kind, scheme) for arch, scheme in variants} <= {("fixed", "uniform:8,8")}
    return {(arch.array.rows, arch.array.columns) for arch, _ in variants}


def test_the_fastest_shape_of_equal_area_is_shown() -> None:
    # 8 positions of 1 channel, D = 3: 13 rows take all 8 at once, 3 cycles, 4 or 7 rows two folds.
    layer = linear(8, 3, 1)
    arch = design({"array.pe.kind": "fusion", "array.overlap": "none"})
    found = compare(trace_of(layer, drawn("x.x..x.x")), arch)
    assert [name for name in found.results if name.startswith(EQUAL_AREA)] == [
        f"{EQUAL_AREA} (13x2)"
    ]


def test_all_designs_simulate_the_same_images() -> None:
    trace = trace_of(LAYER, np.repeat(MASK, 4, axis=0))
    found = compare(trace, design({"lsb.lane_order": "density", "lsb.window": 4}))
    assert set(found.designs["images"]) == {3}
    assert set(compare(trace, design(), calibration_images=2).designs["images"]) == {2}


def test_the_shipped_comparison() -> None:
    found = compare()
    shapeless = [name.split(" (")[0] for name in CYCLES]
    assert [name.split(" (")[0] for name in found.designs["design"]] == shapeless
    assert found.warnings == ()  # captured masks, at 4/2 bits
    assert found.gated.scheme == "pg"
    assert found.baseline.scheme == "uniform:8,8"
    network = found.waterfall[found.waterfall["layer"] == "network"]["total_cycles"]
    assert network.iloc[0] == found.designs["cycles"][1]
    assert network.iloc[-1] == found.designs["cycles"][0]
    assert found.finding.startswith("pg-os-16x16")
    alone = simulate("resnet20_pg_4_2", "pg_os").layers
    own = found.layers[found.layers["design"] == GATED].drop(columns="design")
    pd.testing.assert_frame_equal(own.reset_index(drop=True), alone)


def test_a_synthetic_mask_is_called_so() -> None:
    serial = design({"array.pe.kind": "serial_activation"})
    (warning,) = compare(trace_of(LAYER, MASK, name="made up"), serial).warnings
    assert warning == "made up has SYNTHETIC masks: no model made them"


@pytest.mark.parametrize(
    ("bits", "msb_bits", "warns"),
    [(4, 3, True), (4, 2, False), (3, 2, False), (5, 3, False), (8, 5, True), (2, 1, True)],
)
def test_a_split_that_a_fusion_unit_rounds_away_is_warned_of(
    bits: int, msb_bits: int, warns: bool
) -> None:
    layer = conv(2, 1, 3, 2, activation_bits=bits, msb_bits=msb_bits)
    trace = trace_of(layer, drawn("x..x"), mask_source="captured")
    found = compare(trace, design({"array.pe.kind": "fusion"})).warnings
    assert len(found) == warns
    if warns:
        assert f"{msb_bits} bits cost as much as {bits}" in found[0]
    assert compare(trace, design({"array.pe.kind": "serial_activation"})).warnings == ()


@pytest.mark.parametrize("kind", ["fixed", "serial_weight"])
def test_a_split_on_pes_that_do_not_care_for_activation_bits_is_warned_of(kind: str) -> None:
    trace = trace_of(LAYER, MASK, mask_source="captured")
    (warning,) = compare(trace, design({"array.pe.kind": kind})).warnings
    assert "2 bits cost as much as 4" in warning


def test_a_trace_without_gates_has_nothing_to_compare() -> None:
    plain = linear(6, 3, 1, gate="none", msb_bits=None)
    found = compare(GateTrace.from_masks({}, [plain], images=1, name="plain"), design())
    assert found.finding == "No layer of plain is gated: there is nothing to compare."


def test_a_what_if_on_bit_widths_is_called_so() -> None:
    trace = load_trace("digits_pg_4_2").with_bits(msb_bits=3)
    warnings = compare(trace, "pg_serial").warnings
    assert len(warnings) == 1
    assert warnings[0].startswith("digits_pg_4_2[msb_bits=3] has captured masks, WHAT-IF: no model")
