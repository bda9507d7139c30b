"""The field's precision systems side by side: equal area, equal bandwidth, own clocks.

Expected values come from closed forms over the figures of technology and manifest, and from
`simulate` called on designs that are written out here.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pgsim import InputError, load_arch, load_trace, simulate, systems
from pgsim.study.systems import SYSTEMS, Run, System, table
from pgsim.study.systems.table import Entry, FieldTable
from pgsim.workload import layers_with_operands

ROOT = Path(__file__).parents[3]
FIXED_8X8_UM2 = 510.73  # arch_configs/technology/45nm.yaml
COMMON = {"clock_mhz": "auto", "mapping": "fixed", "memory.dram.gb_per_s": 8}  # 16 B at 500 MHz
SERIAL = {"array.pe.kind": "serial_activation", "array.pe.terms": 16}
ACCURACIES = {  # of 10,000 test images, from the manifests of the traces
    "Precision Gating": 0.8698,
    "Bit-serial PG": 0.8698,
    "Regions": 0.8741,
    "Regions (variable)": 0.8741,
    "Switchable 8": 0.8740,
    "Switchable 4": 0.8734,
    "Switchable 2": 0.8504,
    "PrecisionBatching": 0.8740,
    "Uniform 8": 0.8776,
    "Uniform 4": 0.8760,
    "Uniform 3": 0.8727,
    "Uniform 4x4": 0.8740,
    "Bit Fusion": 0.8740,
    "Stripes": 0.8727,
    **dict.fromkeys(("Pragmatic", "Laconic", "Bit-Tactical", "Cnvlutin"), 0.8776),
}
SHIPPED = {
    "Pragmatic": "pragmatic_micro_2017",
    "Laconic": "laconic_isca_2019",
    "Bit-Tactical": "tactical_asplos_2019",
    "Cnvlutin": "cnvlutin_isca_2016",
}


@pytest.fixture(scope="module")
def found() -> FieldTable:
    return systems("resnet20")


def entry(found: FieldTable, name: str) -> Entry:
    return next(each for each in found.entries if each.system.name == name)


def row(found: FieldTable, name: str) -> dict[str, object]:
    return found.table.set_index("system").loc[name].to_dict()


def design(rows: int, columns: int, **changes: object):
    sides = {"array.rows": rows, "array.columns": columns}
    return load_arch("pg_os").override({**COMMON, **sides, **changes})


def test_every_system_ran_or_says_why_not(found: FieldTable) -> None:
    ran = [each.system.name for each in found.entries]
    assert sorted([*ran, *found.left_out]) == sorted(SYSTEMS)
    assert list(found.left_out) == ["CPT"]
    assert all(found.left_out.values())


def test_accuracies_are_those_of_the_manifests_and_others_are_not_trained(
    found: FieldTable,
) -> None:
    known = found.table[found.table["trained"] == "trained"].set_index("system")["accuracy"]
    assert known.to_dict() == ACCURACIES
    assert found.table["accuracy"].isna().sum() == len(found.table) - len(ACCURACIES)


def test_the_area_is_that_of_the_gated_design_and_all_fill_it(found: FieldTable) -> None:
    area = simulate("resnet20_pg_4_2", "pg_os").summary["logic_area_mm2"]
    assert found.area_mm2 == area
    assert (found.table["logic_area_mm2"] <= area).all()


@pytest.mark.parametrize("name", ["Precision Gating", "Bit-serial PG", "DRQ", "Stripes"])
def test_a_row_more_does_not_fit(found: FieldTable, name: str) -> None:
    own, run = entry(found, name).result, SYSTEMS[name].runs["resnet20"]
    more = own.arch.override({"array.rows": own.arch.array.rows + 1})
    wider = simulate(run.trace, more, run.scheme, calibration_images=190)
    assert wider.summary["logic_area_mm2"] > found.area_mm2


@pytest.mark.parametrize("name", SHIPPED)
def test_pes_that_go_by_values_are_those_of_their_shipped_designs(
    found: FieldTable, name: str
) -> None:
    """At the same clock, buffers and bandwidth they take what the shipped design does so scaled."""
    own = row(found, name)
    sides = {"array.rows": own["array.rows"], "array.columns": own["array.columns"]}
    shipped = load_arch(SHIPPED[name]).override({**COMMON, **sides})
    trace = layers_with_operands(load_trace("resnet20_regions_8_5"))
    expected = simulate(trace, shipped, "uniform:8,8").summary
    for column in ("cycles", "energy_pj", "logic_area_mm2", "images"):
        assert own[column] == pytest.approx(expected[column], rel=1e-12)
    more = shipped.override({"array.rows": shipped.array.rows + 1})
    assert simulate(trace, more, "uniform:8,8").summary["logic_area_mm2"] > found.area_mm2


def test_what_ran_in_part_says_so_and_is_no_part_of_the_finding(found: FieldTable) -> None:
    # fc: 64 inputs by 10 classes, of 40.6 million MACs
    assert found.in_part == dict.fromkeys(
        SHIPPED, "2 images of 500, without fc (0.0016% of the MACs)"
    )
    assert all(row(found, name)["lacks"].startswith("2 images of 500") for name in SHIPPED)
    alone = systems("resnet20", names=("Cnvlutin",))
    assert alone.finding == "Of no system did the whole network run, so none is the best."
    assert alone.undominated == ()


def test_an_lstm_runs_by_values_too() -> None:
    found = systems("char_lstm", names=("Cnvlutin", "Uniform 8"))
    # 256 inputs by 65 characters beside products of 64 and three times 256 inputs by 4 x 256
    share = 256 * 65 / (256 * 65 + (64 + 3 * 256) * 1024)
    assert found.in_part == {"Cnvlutin": f"1 image of 32, without fc ({share:.1%} of the MACs)"}
    assert row(found, "Cnvlutin")["accuracy"] == pytest.approx(0.5396, abs=5e-5)  # all gates open
    assert found.undominated == ("Uniform 8",)


def test_bandwidth_is_equal_at_every_clock(found: FieldTable) -> None:
    assert {each.result.arch.memory.dram.gb_per_s for each in found.entries} == {8.0}
    assert found.table["clock_mhz"].nunique() > 3
    times = found.table["cycles_per_image"] / found.table["clock_mhz"]
    assert found.table["time_us_per_image"].tolist() == pytest.approx(times.tolist())


def test_uniform_8_is_what_one_would_compute_by_hand(found: FieldTable) -> None:
    pes = {"array.pe.kind": "fixed", "lsb.scheduler": "dense"}
    fastest = None
    for columns in (8, 16, 32, 64):
        rows = math.floor(found.area_mm2 * 1e6 / FIXED_8X8_UM2 / columns)
        result = simulate("resnet20_uniform_4_4", design(rows, columns, **pes), "uniform:8,8")
        if fastest is None or result.summary["time_us"] < fastest.summary["time_us"]:
            fastest = result
    assert fastest is not None
    own = row(found, "Uniform 8")
    assert (own["array.rows"], own["array.columns"]) == (67, 16)
    macs = sum(layer.shape.macs for layer in load_trace("resnet20_uniform_4_4").layers)
    assert own["bit_operations_per_image"] == 64 * macs
    for column in ("cycles_per_image", "energy_pj_per_image", "energy_delay_product_pj_s"):
        assert own[column] == fastest.summary[column]
    assert math.isnan(own["scheduler_gap"])
    assert own["lsb.scheduler"] == "none"


@pytest.mark.parametrize(
    ("name", "rows", "changes"), [("Precision Gating", 16, {}), ("Bit-serial PG", 26, SERIAL)]
)
def test_a_scheduler_is_held_to_the_ideal_one(
    found: FieldTable, name: str, rows: int, changes: dict[str, object]
) -> None:
    own, arch = row(found, name), design(rows, 16, **changes)
    gated = simulate("resnet20_pg_4_2", arch)
    ideal = simulate("resnet20_pg_4_2", arch.override({"lsb.scheduler": "ideal"}))
    assert own["cycles"] == gated.cycles
    assert own["energy_pj"] == gated.summary["energy_pj"]
    assert own["scheduler_gap"] == pytest.approx((gated.cycles - ideal.cycles) / ideal.cycles)
    assert own["scheduler_gap"] > 0.1


def test_bit_work_counts_the_bits_that_are_multiplied(found: FieldTable) -> None:
    """2 of 4 bits by 8 of every output, and 2 by 8 of each whose gate is open; 8 by 8 outside."""
    trace = load_trace("resnet20_pg_4_2")
    work = 0.0
    for layer in trace.layers:
        shape, density = layer.shape, layer.density() if layer.shards else 0.0
        work += shape.macs * (16 * (1 + density) if layer.shards else 64)
    assert row(found, "Precision Gating")["bit_operations_per_image"] == pytest.approx(work)


def test_a_binary_network_has_a_bit_of_work_a_mac(found: FieldTable) -> None:
    macs = sum(layer.shape.macs for layer in load_trace("resnet20_uniform_4_4").layers)
    assert row(found, "XNOR-Net")["bit_operations_per_image"] == macs


def test_fracbnn_has_a_bit_and_a_gated_one_by_a_bit(found: FieldTable) -> None:
    """On the masks of Precision Gating, of which no accuracy of such a network is known."""
    trace, work = load_trace("resnet20_pg_4_2"), 0.0
    for layer in trace.layers:
        work += layer.shape.macs * (1 + layer.density() if layer.shards else 64)
    own = row(found, "FracBNN")
    assert own["bit_operations_per_image"] == pytest.approx(work)
    assert math.isnan(own["accuracy"])
    assert "8 bits" in own["lacks"]


def test_every_system_but_those_of_pixels_and_of_training_has_an_lstm() -> None:
    without = [name for name, each in SYSTEMS.items() if "char_lstm" not in each.runs]
    assert without == ["Regions", "Regions (variable)", "DRQ", "CPT"]


def test_a_switchable_lstm_reads_planes_of_8_bits() -> None:
    """The inner layers at 4 x 4 of 8 x 8 bits, the first and the last whole."""
    found = systems("char_lstm", names=("Switchable 4",))
    first, *inner, last = (layer.shape.macs for layer in load_trace("char_lstm_pg_4_2").layers)
    own = row(found, "Switchable 4")
    assert own["bit_operations_per_image"] == 64 * (first + last) + 16 * sum(inner)
    assert math.isnan(own["accuracy"])


def test_what_no_trained_system_beats_is_the_front_of_the_table(found: FieldTable) -> None:
    names = ["time_us_per_image", "energy_pj_per_image", "accuracy"]
    trained = found.table.set_index("system")[names].dropna().drop(list(found.in_part))
    best = [
        name
        for name, own in zip(trained.index, trained.to_numpy(), strict=True)
        if not any(
            (other[:2] <= own[:2]).all() and other[2] >= own[2] and (other != own).any()
            for other in trained.to_numpy()
        )
    ]
    assert list(found.undominated) == best
    assert "Precision Gating" not in best  # all columns of another row are better


def test_the_finding_names_the_best_of_those_as_accurate(found: FieldTable) -> None:
    trained = found.table[found.table["accuracy"] >= 0.8698].set_index("system")
    best = trained["energy_delay_product_pj_s"].idxmin()
    ratio = trained["energy_pj"] / trained["images"]
    assert f"{best} has the least energy times time" in found.finding
    assert f"{ratio[best] / ratio['Precision Gating']:.2f}x the energy" in found.finding


def test_the_finding_says_where_the_first_one_is_the_best() -> None:
    finding = systems("resnet20", names=("Uniform 4x4", "Switchable 8")).finding
    assert "No other trained system at least as accurate as Uniform 4x4 has less" in finding


def test_searched_nests_are_what_simulate_finds() -> None:
    (own,) = systems("resnet20", names=("Uniform 4x4",), objective="edp").entries
    small = {f"array.pe.max_{operand}_bits": 4 for operand in ("activation", "weight")}
    arch = design(179, 16, **{"array.pe.kind": "fixed", "lsb.scheduler": "dense"}, **small)
    by_hand = simulate("resnet20_uniform_4_4", arch, "full", objective="edp")
    assert own.result.cycles == by_hand.cycles
    assert own.result.summary["energy_pj"] == by_hand.summary["energy_pj"]


def test_a_pe_without_a_price_is_left_out_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    priced = (ROOT / "arch_configs" / "technology" / "45nm.yaml").read_text(encoding="utf-8")
    widest = "    - {max_bits: 16, area_um2: 1679.41,"
    lines = [line for line in priced.splitlines() if not line.startswith(widest)]
    (tmp_path / "narrow.yaml").write_text("\n".join(lines), encoding="utf-8")
    pes = {"array.pe.kind": "fixed", "array.pe.max_activation_bits": 16}
    run = Run("resnet20_uniform_4_4", "full", pes)
    unpriced = System("Wide", "nobody", "--scheme full", "one width a layer", {"resnet20": run})
    monkeypatch.setitem(table.SYSTEMS, "Wide", unpriced)
    narrow = load_arch("pg_os").override({"technology": str(tmp_path / "narrow.yaml")})
    found = systems("resnet20", narrow, names=("Wide", "Uniform 8"))
    assert [each.system.name for each in found.entries] == ["Uniform 8"]
    assert "no PE of 16 bits in the technology table" in found.left_out["Wide"]


def test_a_table_of_no_system_is_refused() -> None:
    with pytest.raises(InputError, match=r"no system runs in its 0\.549 mm2\nCPT: it spends"):
        systems("char_lstm", names=("CPT",))


def test_an_unknown_family_or_system_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'resnet20'"):
        systems("resnet2")
    with pytest.raises(InputError, match="Did you mean 'SeerNet'"):
        systems("resnet20", names=("seernet",))
