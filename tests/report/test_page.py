"""A report is one file: it asks for nothing from outside, and all its links lead somewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from shipped import in_fixed_order

from pgsim import InputError, simulate, sweep, write_report
from pgsim.report.writing import write_report as again

KINDS = ("simulation", "comparison", "table", "sweep")
LAYERS = ["layers", "nest", "timeline", "configuration", "reproduce"]
SECTIONS = {
    "simulation": ["summary", "breakdowns", *LAYERS],
    "comparison": ["summary", "designs", "breakdowns", "accounts", *LAYERS],
    "table": ["front", "designs", "breakdowns", "layers", "rows", "reproduce"],
    "sweep": ["front", "designs", "breakdowns", *LAYERS[:-1], "rows", "reproduce"],
}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "background", "ping"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_for_from_outside(pages, kind):
    for each in pages[kind].all():
        assert each.tag not in ("link", "base", "iframe", "object", "embed", "img", "image")
        assert not LOADING & each.attributes.keys(), each
        assert not [name for name in each.attributes if name.startswith("on")], each
        for name in ("href", "xlink:href"):
            assert (each.get(name) or "#").startswith("#"), each
        texts = [value for value in each.attributes.values() if value]
        texts += [each.text] if each.tag == "style" else []
        for text in texts:
            assert "@import" not in text
            assert not re.search(r"url\((?!#)", text), text


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_pointed_at_is_there_once(pages, kind):
    ids = [each["id"] for each in pages[kind].all() if each.get("id")]
    assert len(ids) == len({*ids})
    for each in pages[kind].all():
        for value in each.attributes.values():
            for target in re.findall(r"url\(#([^)]*)\)", value or ""):
                assert target in ids
        if each.get("href"):
            assert each["href"][1:] in ids


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_is_there_and_in_the_contents(pages, kind):
    page = pages[kind]
    assert [each["id"] for each in page.all("section")] == SECTIONS[kind]
    (contents,) = page.all("nav")
    assert [each["href"] for each in contents.all("a")] == [f"#{key}" for key in SECTIONS[kind]]
    for section in page.all("section"):
        (title,) = section.all("h2")
        assert title.text and section.text != title.text


def test_the_policy_lets_the_one_script_run_and_nothing_load(pages):
    (script,) = pages["simulation"].all("script")
    (policy,) = (
        each["content"]
        for each in pages["simulation"].all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    digest = b64encode(sha256(script.text.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'",
    ]  # fmt: skip


def test_the_same_input_gives_the_same_bytes(report, result):
    alike = simulate(result.trace, in_fixed_order("pg_os"))
    assert report(result, commands=["pgsim"]) == report(alike, commands=["pgsim"])


def test_each_figure_has_a_wide_and_a_narrow_form_and_says_what_it_shows(pages):
    for kind in KINDS:
        figures = list(pages[kind].all("figure"))
        assert figures
        for figure in figures:
            wide, narrow = (each for each in figure.all("div"))
            assert (wide["class"], narrow["class"]) == ("wide", "narrow")
            assert wide["aria-label"] == narrow["aria-label"] != ""
            assert len(list(figure.all("svg"))) == 2


@pytest.mark.parametrize("name", ["report.pdf", "report", "missing/report.html"])
def test_a_report_that_cannot_be_written_is_refused(result, tmp_path, name):
    with pytest.raises(InputError, match=re.escape(str(tmp_path / name))):
        write_report(result, tmp_path / name)


def test_the_public_name_is_the_verb():
    assert write_report is again


def test_a_report_of_a_sweep_tells_of_the_fastest_design_as_one_of_a_simulation(
    pages, page_of, spec
):
    table = sweep(spec, jobs=1)
    time_us = table.groupby(["scheme", "array.rows"])["time_us"].sum()
    scheme, rows = time_us.idxmin()
    design = in_fixed_order("pg_os", {"name": "pg-os-16x16", "array.rows": rows})
    alone = page_of(simulate(spec.traces[0], design, scheme))
    for name in ("layers", "nest", "timeline", "configuration"):
        told, expected = (page.one(name).text for page in (pages["sweep"], alone))
        assert told.replace(f" of pg-os-16x16, {scheme}, array.rows={rows}", "", 1) == expected


def test_a_table_without_designs_is_refused(table, tmp_path):
    with pytest.raises(InputError, match="'energy_pj' is not in this table"):
        write_report(table.drop(columns="energy_pj"), tmp_path / "report.html")
