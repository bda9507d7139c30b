"""A gated design beside its alternatives: a layer worked by hand, and what a reader is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from designs import conv, design, drawn, linear, trace_of
from shipped import in_fixed_order

from pgsim import GateTrace, load_trace, simulate
from pgsim.study.comparison import Comparison, compare
from pgsim.study.rows import BASELINE, GATED
from pgsim.study.waterfalls import CYCLES as STEPS

NAN = float("nan")
# 6 positions by 1 channel, D = 3, `ws` on 4 x 2 fixed PEs, three outputs gated: PG takes 19 cycles
# (test_edge_cases.test_one_channel). One dense pass: 6, the skew of 4, DRAM 2. Two: 6 more. An
# ideal scheduler issues ceil(3 / 2) slots, one less than `skip`.
ACCURACY = {"top1_pg": 0.9, "top1_full": 0.92, "top1_uniform_8": 0.8, "top1_msb_only": 0.5}
LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")
CYCLES = {
    "PG": 19,
    "ungated": 12,
    "uniform 8,8": 12,
    "uniform 4 bits": 12,
    "both passes dense": 18,
    "MSBs only": 12,
    "PG, ideal scheduler": 18,
}
# A fixed PE of 4 x 8 bits takes 8 x 8 bits in two turns: 6 cycles more for the 6 positions.
AREA_CYCLES = {
    "8x8 PEs, 8 bits": 6,
    "8x8 PEs, 4 bits": 6,
    "4x8 PEs, 8 bits": 12,
    "4x8 PEs, 4 bits": 6,
}


@pytest.fixture(scope="module")
def by_hand() -> Comparison:
    trace = trace_of(LAYER, MASK, mask_source="captured", accuracy=ACCURACY)
    return compare(trace, design({"array.dataflow": "ws"}))


@pytest.fixture(scope="module")
def shipped() -> Comparison:
    """The shipped network on the shipped design, as they are."""
    return compare()


of_the_shipped = pytest.mark.xdist_group("shipped comparison of Python's")  # it takes some time


def test_designs_and_their_speedups(by_hand: Comparison) -> None:
    designs = by_hand.designs.set_index("design")
    assert designs["cycles"].iloc[: len(CYCLES)].to_dict() == CYCLES
    assert (designs["speedup"] * designs["cycles"]).tolist() == pytest.approx([12] * len(designs))
    ratios = designs.loc[BASELINE, "energy_pj"] / designs["energy_pj"]
    assert np.allclose(designs["energy_ratio"], ratios, rtol=1e-12)
    assert designs.loc[BASELINE, "energy_ratio"] == 1


def test_the_layers_of_all_designs_stand_in_one_table(by_hand: Comparison) -> None:
    layers = by_hand.layers
    assert layers.columns[0] == "design"
    assert layers["design"].tolist() == by_hand.designs["design"].tolist()
    assert layers["cycles"].tolist() == by_hand.designs["cycles"].tolist()


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
    # 12 / 19 as fast; 12 / 4.5 promised; bubbles cost 8 of the 7.5 cycles promised. Ungated, 12 of
    # PG's 19 cycles, where a quarter less was promised.
    parts = (
        "test-4x2",
        "2.67x",
        "at 0.63x the speed of uniform 8,8",
        "nothing of the promised saving survives",
        "the largest loss is bubbles (107% of it)",
        "takes 0.63x the time",
        "nothing is left in cycles, nothing in energy",
    )
    for part in parts:
        assert part in by_hand.finding


def test_accuracies_are_those_of_the_network_that_runs(by_hand: Comparison) -> None:
    found = by_hand.designs["accuracy"].tolist()
    stated = [0.9, 0.92, 0.8, NAN, 0.92, 0.5, 0.9]  # none of 4 bits
    assert found == pytest.approx([*stated, 0.8, NAN, 0.8, NAN], nan_ok=True)


def test_verdicts_are_those_of_accuracy_time_and_energy(by_hand: Comparison) -> None:
    designs = by_hand.designs
    faster = designs["time_us"] < designs["time_us"][0]
    leaner = designs["energy_pj"] < designs["energy_pj"][0]
    both = faster & leaner
    expected = np.full(len(designs), "does not dominate", object)
    expected[both & designs["accuracy"].isna()] = "accuracy unknown"
    expected[both & (designs["accuracy"] >= 0.9)] = "dominates"
    expected[0], expected[6] = "gated", "bound"
    assert designs["verdict"].tolist() == expected.tolist()
    assert {"dominates", "accuracy unknown"} <= set(expected)
    best = designs[designs["verdict"] == "dominates"].sort_values("energy_delay_product_pj_s")
    assert by_hand.finding.startswith(f"Better is {best['design'].iloc[0]}: ")


@of_the_shipped
def test_the_finding_says_how_much_survives_and_where_the_rest_went(shipped: Comparison) -> None:
    found = shipped
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


def test_designs_of_equal_logic_area_fill_it_and_are_the_fastest(by_hand: Comparison) -> None:
    """PEs and what gates, by areas of the technology table; the fastest shape by a formula.

    `ws`: D = 3 is one fold of rows of at least 3, else more; a fold takes a cycle a position and
    turn, after R + C - 2 of skew, and DRAM one cycle on each side.
    """
    logic_um2 = 1e6 * by_hand.designs["logic_area_mm2"][0]
    areas = {"8x8": 510.73, "4x8": (191.63 * 510.73) ** 0.5}
    found = by_hand.designs.set_index("design")
    assert logic_um2 > 8 * 510.73  # the eight PEs, and what gates
    for name, cycles in AREA_CYCLES.items():
        (row,) = (each for each in found.index if each.startswith(f"{name} ("))
        pes = int(logic_um2 / areas[name[:3]])
        skews = [
            rows + columns - 2
            for rows in range(3, pes + 1)
            for columns in (pes // rows,)
            if rows == pes // columns
        ]
        assert found.loc[row, "cycles"] == cycles + min(skews) + 2
        rows, columns = map(int, row.partition("(")[2].rstrip(")").split("x"))
        assert rows * columns <= pes < min((rows + 1) * columns, rows * (columns + 1))
        area = rows * columns * areas[name[:3]] / 1e6
        assert found.loc[row, "logic_area_mm2"] == pytest.approx(area, rel=1e-12)


def test_narrower_twins_have_pes_and_a_scheme_of_their_own() -> None:
    stated = {"top1_uniform_3": 0.7, "top1_uniform_4_4": 0.6, "top1_uniform_8": 0.9}
    wide = linear(6, 3, 1, name="wide", gate="none", activation_bits=8, msb_bits=None)
    trace = GateTrace.from_masks({"linear": MASK}, [LAYER, wide], accuracy=stated)
    found = compare(trace, design())
    twins = {name.split(" (")[0]: result for name, result in found.results.items()}
    assert (twins["3x8 PEs, 3 bits"].scheme, twins["4x4 PEs, 4x4 bits"].scheme) == (
        "inner:3,8",
        "inner:4,4",
    )
    widths = [
        [(each.passes[0].activation_bits, each.passes[0].weight_bits) for each in own.layer_results]
        for own in (twins["3x8 PEs, 3 bits"], twins["4x4 PEs, 4x4 bits"])
    ]
    assert widths == [[(3, 8), (8, 8)], [(4, 4), (8, 8)]]
    accuracies = found.designs.set_index(
        found.designs["design"].str.split(" (", regex=False).str[0]
    )
    assert accuracies.loc["3x8 PEs, 3 bits", "accuracy"] == 0.7
    assert accuracies.loc["4x4 PEs, 4x4 bits", "accuracy"] == 0.6


def test_a_network_of_8_bits_has_no_narrower_rows() -> None:
    eight = linear(6, 3, 1, activation_bits=8, msb_bits=4)
    names = [name.split(" (")[0] for name in compare(trace_of(eight, MASK), design()).results]
    assert names == [*(name for name in CYCLES if "4 bits" not in name), "8x8 PEs, 8 bits"]


def test_all_designs_simulate_the_same_images() -> None:
    trace = trace_of(LAYER, np.repeat(MASK, 4, axis=0))
    found = compare(trace, design({"lsb.lane_order": "density", "lsb.window": 4}))
    assert set(found.designs["images"]) == {3}
    assert set(compare(trace, design(), calibration_images=2).designs["images"]) == {2}


@of_the_shipped
def test_the_shipped_comparison(shipped: Comparison) -> None:
    found = shipped
    names = [name.split(" (")[0] for name in found.designs["design"]]
    assert names[: len(CYCLES) + len(AREA_CYCLES)] == [*CYCLES, *AREA_CYCLES]
    assert found.warnings == ()  # captured masks, at 4/2 bits
    assert found.gated.scheme == "pg"
    assert found.baseline.scheme == "uniform:8,8"
    network = found.waterfall[found.waterfall["layer"] == "network"]["total_cycles"]
    assert network.iloc[0] == found.designs.set_index("design").loc[BASELINE, "cycles"]
    assert network.iloc[-1] == found.designs["cycles"][0]
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
    warnings = compare(trace, in_fixed_order("pg_serial")).warnings
    assert len(warnings) == 1
    assert warnings[0].startswith("digits_pg_4_2[msb_bits=3] has captured masks, WHAT-IF: no model")


ZEROS = {"activation": [[0, 4, 0.5]], "weight": [[0, 8, 0.0]]}


def test_where_zeros_are_known_pes_that_stand_still_at_them_stand_beside() -> None:
    """Time is that of the PEs without; half of their PEs' energy at zeros is mostly saved."""
    layer = linear(6, 3, 1, zeros=ZEROS)
    arch = design({"array.dataflow": "ws"})
    found = compare(trace_of(layer, MASK), arch)
    rows = {name.split(" (")[0]: result for name, result in found.results.items()}
    names = [name for name in rows if name.endswith(", zeros gated")]
    assert names == [f"{each}, zeros gated" for each in ("PG", "ungated", "4x8 PEs, 4 bits")]
    assert all(rows[name].arch.array.pe.zero_gating for name in names)
    assert rows["PG, zeros gated"].cycles == rows["PG"].cycles == 19
    alone = simulate(trace_of(layer, MASK), arch.override({"array.pe.zero_gating": True}))
    assert rows["PG, zeros gated"].summary["energy_pj"] == alone.summary["energy_pj"]
    # Isolated PEs are larger, and fewer fill the same logic area.
    plain, isolated = rows["4x8 PEs, 4 bits"].arch, rows["4x8 PEs, 4 bits, zeros gated"].arch
    assert isolated.pes < plain.pes
    assert not any("zeros" in name for name in compare(trace_of(LAYER, MASK), arch).results)


def test_a_network_of_fewer_bits_everywhere_is_itself_when_run_whole() -> None:
    stated = load_trace("resnet20_uniform_4_4").accuracy
    beside = [f"resnet20_uniform_4_4:{scheme}" for scheme in ("full", "uniform:4", "uniform:8,8")]
    found = compare("digits_pg_4_2", in_fixed_order("pg_os"), beside=beside)
    *_, whole, narrower, wider = found.outcomes
    assert whole.row.accuracy == stated["top1_uniform_4_4"]
    # Of 4 bits in all layers no network was trained with these weights; of 8 there was.
    assert narrower.row.accuracy == stated["top1_uniform_4"]
    assert wider.row.accuracy == stated["top1_uniform_8"]
