"""Numbers of a report are those of the tables that simulate and compare return."""

from __future__ import annotations

import json
import math

import pytest
from html_reader import values
from shipped import in_fixed_order

from pgsim import pareto, simulate, write_timeline
from pgsim.report.sections.timeline import _round_step

same = pytest.approx


def test_layers_are_those_of_the_table_and_the_summary(pages, result):
    layers, every = pages["simulation"].one("layers").tables()
    rows, summary, images = result.layers, result.summary, result.images
    assert [cell.text for cell in layers["layer"]] == [*rows["layer"], "network"]
    for head, column in {"cycles": "cycles", "time": "time_us", "energy": "energy_pj"}.items():
        expected = [*(rows[column] / images), summary[column] / images]
        assert values(layers[head]) == same(expected, rel=1e-15)
    moved = rows["dram_read_bytes"] + rows["dram_write_bytes"]
    assert values(layers["DRAM"])[:-1] == same(list(moved / images), rel=1e-15)
    assert values(layers["stalls"])[:-1] == same(list(rows["stall_cycles"] / rows["cycles"]))
    assert values(layers["mask"])[:-1] == same(list(rows["mask_density"]), nan_ok=True)
    assert list(every) == list(rows.columns)


def test_every_column_stands_as_it_is(pages, result):
    _, every = pages["simulation"].one("layers").tables()
    for name, cells in every.items():
        expected = result.layers[name].tolist()
        if isinstance(expected[0], str):
            assert [cell.text for cell in cells] == expected
        else:
            assert values(cells) == same(expected, rel=0, abs=0, nan_ok=True)


def test_cells_show_the_value_that_they_hold(pages):
    layers, _ = pages["simulation"].one("layers").tables()
    for cell in layers["cycles"]:
        assert int(cell.text.replace(",", "")) == round(float(cell["data-value"]))
    for cell in layers["stalls"]:
        assert float(cell.text) == same(100 * float(cell["data-value"]), abs=0.05)


def test_the_summary_is_that_of_the_network(pages, result):
    shown = {
        each["data-name"]: float(each["data-value"])
        for each in pages["simulation"].one("summary").all("dd")
    }
    own, images = result.summary, result.images
    assert shown == {
        "time": same(own["time_us"] / images),
        "cycles": own["cycles_per_image"],
        "energy": own["energy_pj_per_image"],
        "energy x delay": own["energy_delay_product_pj_s"],
        "DRAM traffic": same((own["dram_read_bytes"] + own["dram_write_bytes"]) / images),
        "average bits": own["mac_average_bits"],
        "PE utilization": own["pe_utilization"],
        "area": own["area_mm2"],
    }


def test_a_comparisons_table_says_how_accurate_its_designs_are(page_of, comparison):
    page = page_of(comparison.designs)
    designs, *_ = page.one("designs").tables()
    known = dict(zip(comparison.designs["design"], comparison.designs["accuracy"], strict=True))
    for name, cell in zip(designs["design"], values(designs["accuracy"]), strict=True):
        assert cell == same(known[name.text], nan_ok=True)
    accurate = comparison.designs.dropna(subset="accuracy").sort_values("accuracy", kind="stable")
    least, most = (
        f"{own['design']} ({own['accuracy']:.1%} accurate)"
        for own in (accurate.iloc[0], accurate.iloc[-1])
    )
    assert f"They differ in accuracy, from {least} to {most}." in page.text


def test_a_front_says_how_accurate_its_designs_are(page_of, table):
    front = pareto(table, "time_us", "energy_pj", "cycles").designs
    known = front.assign(accuracy=[0.995 if each == "pg" else 0.99 for each in front["scheme"]])
    told = "They differ in accuracy, from {} (99.0% accurate) to {} (99.5% accurate)."
    names = (f"pg-os-16x16, {scheme}" for scheme in ("full", "pg"))
    assert told.format(*names) in page_of(known).text
    assert "They differ" not in page_of(known.assign(accuracy=0.99)).text


def test_the_layers_of_a_table_are_those_of_the_fastest_design(pages, table):
    fastest = table.groupby("scheme")["time_us"].sum().idxmin()
    (title,) = pages["table"].one("layers").all("h2")
    assert fastest in title.text


def test_designs_are_those_of_the_comparison(pages, comparison):
    (designs,) = pages["comparison"].one("designs").tables()
    frame = comparison.designs
    assert [cell.text for cell in designs["design"]] == list(frame["design"])
    assert [cell.text for cell in designs["verdict"]] == list(frame["verdict"])
    for head, column in {
        "accuracy": "accuracy", "cycles": "cycles_per_image", "energy": "energy_pj_per_image",
        "EDP": "energy_delay_product_pj_s", "speedup": "speedup",
        "energy ratio": "energy_ratio", "logic": "logic_area_mm2", "area": "area_mm2",
    }.items():  # fmt: skip
        assert values(designs[head]) == same(list(frame[column]), rel=0, abs=0, nan_ok=True)


def test_accounts_add_up_from_the_baseline_to_the_design(pages, comparison):
    accounts = pages["comparison"].one("accounts").tables()
    assert len(accounts) == len(comparison.waterfalls)
    for shown, account in zip(accounts, comparison.waterfalls, strict=True):
        totals, changes = values(shown["total"]), values(shown["change"])
        quantity = "cycles" if account.quantity == "cycles" else "energy_pj"
        first = comparison.results[account.against].summary[quantity]
        assert totals[0] == same(first / comparison.gated.images)
        assert totals[0] + math.fsum(changes) == same(totals[-1])
        assert totals[-1] == same(comparison.gated.summary[quantity] / comparison.gated.images)


def test_the_finding_is_that_of_the_comparison(pages, comparison):
    assert pages["comparison"].one("finding").text == comparison.finding


def test_the_finding_of_a_simulation_names_what_is_largest(pages, result):
    text = pages["simulation"].one("finding").text
    costliest = result.layers.loc[result.layers["cycles"].idxmax()]
    share = costliest["cycles"] / result.summary["cycles"]
    assert text.endswith(f"{costliest['layer']} is the costliest layer, with {share:.0%} of the "
                         "cycles.")  # fmt: skip


def test_the_timeline_has_the_first_events_of_the_layer(pages, result, tmp_path):
    write_timeline(result, tmp_path / "timeline.json")
    events = json.loads((tmp_path / "timeline.json").read_text())["traceEvents"]
    name = result.layers.loc[result.layers["cycles"].idxmax(), "layer"]
    layers = {each["name"]: each["ts"] for each in events if each.get("cat") == "layer"}
    begin = layers[name]
    expected = {
        (each["ts"] - begin, each["dur"], each["name"])
        for each in events
        if each.get("cat") in ("pass", "wait", "transfer") and each["ts"] >= begin
    }
    section = pages["simulation"].one("timeline")
    shown = []
    for bar in section.all("svg"):
        rects = [each for each in bar.children if getattr(each, "tag", "") == "rect"]
        for rect in (each for each in rects if each.get("data-begin")):
            (title,) = bar.all("title")
            words = title.text.rpartition(":")[0].rpartition(":")[0] or title.text.partition(":")[0]
            shown.append((int(rect["data-begin"]), int(rect["data-cycles"]), words))
    assert len(shown) > 3
    assert {*shown} <= expected


def test_two_arrays_have_tracks_of_their_own(page_of):
    changes = {"memory.ports": "slots", "array.predictor_share": 0.5}
    two = simulate("digits_pg_4_2", in_fixed_order("pg_os").override(changes))
    section = page_of(two).one("timeline")
    tracks = [each.text for each in section.all("text") if each.get("class") == "faint"]
    titles = ["array", "waits of the array", "DRAM", "predictor", "waits of the predictor"]
    assert [each for each in tracks if not each[0].isdigit()] == titles
    kinds = {each["data-kind"] for each in section.all("rect") if each.get("data-kind")}
    assert {"waits for the predictor", "first pass (MSBs)"} <= kinds


@pytest.mark.parametrize(
    ("cycles", "step"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (25, 5), (26, 10), (2_478, 500)]
)
def test_ticks_are_round_and_five_at_most_after_the_first(cycles, step):
    assert _round_step(cycles) == step


def test_designs_of_a_table_are_per_image_and_the_front_is_marked(pages, table):
    (designs,) = pages["table"].one("designs").tables()
    whole = table.groupby("scheme")["energy_pj"].sum() / table["images"].iloc[0]
    by_scheme = {
        cell.text.split(", ")[1]: value
        for cell, value in zip(designs["design"], values(designs["energy"]), strict=True)
    }
    assert by_scheme == {scheme: same(whole[scheme]) for scheme in ("pg", "full")}
    (rows,) = pages["table"].one("rows").tables()
    assert values(rows["cycles"]) == table["cycles"].tolist()
