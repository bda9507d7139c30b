"""`pgsim report`: of a trace, of a comparison, of a table, and what it refuses."""

from __future__ import annotations

import shlex

import pytest
from html_reader import read_page
from shipped import fixed_order_options

OPTIONS = fixed_order_options("pg_os")


@pytest.fixture
def page(run, tmp_path):
    """Return a function that writes a report, and gives its text."""

    def written(*arguments):
        path = tmp_path / "report.html"
        assert f"{path}: written" in run("report", *arguments, "-o", path).output
        return path.read_text("utf-8")

    return written


def kind(text: str) -> str:
    """What a report says that it is of."""
    return next(each.text for each in read_page(text).all("p") if each.get("class") == "kind")


def commands(text: str) -> list[list[str]]:
    """The commands that a report names, as words."""
    found = read_page(text).one("reproduce").all("pre")
    return [shlex.split(each.text) for each in found]


def test_a_report_of_a_simulation_names_the_command_that_makes_it_again(page, small):
    text = page(small, *OPTIONS, "--scheme", "full")
    assert kind(text) == "simulation"
    (pgsim, verb, *arguments, _, _), (_, simulate, *_) = commands(text)
    assert (pgsim, verb, simulate) == ("pgsim", "report", "simulate")
    assert page(*arguments) == text


def test_a_report_of_a_comparison_takes_more_designs(page, small):
    text = page(small, *OPTIONS, "--compare", "--beside", "fixed_8bit:full")
    assert kind(text) == "comparison"
    assert "fixed_8bit:full" in commands(text)[1]
    assert "--compare" not in commands(text)[1]
    assert "SYNTHETIC masks: no model made them" in text


def test_a_report_of_a_table(page, run, small, tmp_path):
    run("simulate", small, *OPTIONS, "-o", tmp_path / "layers.csv")
    text = page(tmp_path / "layers.csv")
    assert kind(text) == "table of results"
    assert commands(text) == [
        ["pgsim", "report", str(tmp_path / "layers.csv"), "-o", "report.html"]
    ]


def test_a_report_of_a_sweep(page, run, tmp_path, small):
    spec, rows = tmp_path / "spec.yaml", tmp_path / "rows.csv"
    spec.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {{array.rows: [8, 16]}}\n")
    run("sweep", spec, "-o", rows)
    text = page(rows, "--spec", spec)
    assert kind(text) == "table of results"
    assert read_page(text).one("timeline").text
    assert commands(text)[0][2:-2] == [str(rows), "--spec", str(spec)]
    spec.write_text(f"traces: [{small}]\narchs: [pg_ws]\n")
    refused = run("report", rows, "--spec", spec, "-o", tmp_path / "r.html", code=2).output
    assert "the table is not of this sweep" in refused
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["digits_pg_4_2"], "a report of a trace needs --arch, the design"),
        (["a.csv", "--arch", "pg_os"], "a report of a table takes no --arch"),
        (["a.csv", "--compare"], "a report of a table takes no --compare"),
        (["digits_pg_4_2", "--arch", "pg_os", "--beside", "pg_ws"],
         "a report without --compare takes no --beside"),
        (["digits_pg_4_2", "--arch", "pg_os", "--compare", "--scheme", "pg"],
         "a report of a comparison takes no --scheme"),
        (["digits_pg_4_2", "--arch", "pg_os", "-o", "r.pdf"], "a report's name ends in one of"),
        (["digits_pg_4_2", "--arch", "pg_os", "--spec", "rows"],
         "a report of a trace takes no --spec"),
        (["missing.csv"], "missing.csv: cannot be read"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(run, arguments, says):
    assert says in run("report", *arguments, code=2).output
