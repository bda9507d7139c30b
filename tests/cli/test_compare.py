"""pgsim compare: designs, the account of cycles, the finding, and what to beware of."""

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shipped import fixed_order_options, in_fixed_order

from pgsim.cli import pgsim
from pgsim.errors import InputError
from pgsim.results.table_files import read_table
from pgsim.study.comparison import compare
from pgsim.study.sensitivity import sensitivity
from pgsim.study.waterfalls import CYCLES, ENERGY
from pgsim.workload import load_trace

ON_PG_OS, ON_PG_WS = fixed_order_options("pg_os"), fixed_order_options("pg_ws")
of_the_shipped = pytest.mark.xdist_group("shipped comparison")  # which takes some time


def number(word):
    return float(word.replace(",", ""))


@pytest.fixture(scope="module")
def shipped():
    """What is shown of the shipped network on the shipped design, as they are."""
    result = CliRunner().invoke(pgsim, ["compare"])
    assert result.exit_code == 0
    return result.output


@of_the_shipped
def test_it_runs_without_an_argument(shipped, cells):
    assert shipped.splitlines()[0] == (
        "resnet20_pg_4_2 (captured masks), 200 images, on pg-os-16x16, loop nests searched for edp:"
    )
    # Over MACs, at 2 bits and 2 more where a gate is open; 8 in the first and the last layer.
    layers = load_trace("resnet20_pg_4_2").layers
    bits = [2 + 2 * each.unpack().mean() if each.shape.gated else 8 for each in layers]
    average = np.average(bits, weights=[each.shape.macs for each in layers])
    accuracy = load_trace("resnet20_pg_4_2").accuracy["top1_pg"]
    assert cells(shipped, "PG")[1:3] == [f"{100 * accuracy:.1f}", f"{average:.2f}"]
    assert "of the promised saving survives" in " ".join(shipped.split())


@of_the_shipped
def test_the_first_screen_is_one_of_100_columns_and_40_lines(shipped):
    lines = shipped.splitlines()
    assert 24 <= len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_the_heading_says_that_loops_are_in_the_fixed_order(small, run):
    heading = run("compare", small, *ON_PG_OS).stdout.splitlines()[0]
    assert heading.endswith("on pg-os-16x16, loops in the fixed order:")


def test_all_four_accounts_add_up(small, run):
    """Each from its baseline through signed changes to PG's own total, which both end with."""
    lines = run("compare", small, *ON_PG_WS, "--all").stdout.splitlines()
    heads = [index for index, line in enumerate(lines) if line.startswith("baseline ")]
    rows = [re.split(r" {2,}", line.strip()) for line in lines[heads[0] : heads[0] + 11]]
    assert [row[0] for row in rows] == [*CYCLES, "PG"]
    energies = [row[-3:] for row in rows[:8]]
    assert [row[0] for row in energies] == [*ENERGY, "PG"]
    for account in ([row[1:3] for row in rows], [row[1:] for row in energies]):
        for column in zip(*account, strict=True):
            first, *changes, last = map(number, column)
            unit = 1 if len(column) == len(rows) else 0.1
            assert first + sum(changes) == pytest.approx(last, abs=unit * len(changes))
        assert account[-1][0] == account[-1][1]


def test_steps_that_change_nothing_are_shown_only_on_demand(small, run):
    """The fixed order of a design of roomy ports never waits for them."""
    short, long = (run("compare", small, *ON_PG_OS, *more).stdout for more in ([], ["--all"]))
    assert re.search(r"^port stalls +0 +0 ", long, re.M)
    assert "port stalls" not in short
    assert "bubbles" in short


def test_layers_have_their_accounts_in_percent(small, run, cells):
    result = run("compare", small, *ON_PG_WS, "--layers")
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("plain ")]
    assert len(rows) == 4  # two quantities, two baselines
    for row in rows:
        *changes, left = map(float, row[1:])
        assert 100 + sum(changes) == pytest.approx(left, abs=0.05 * len(changes) + 0.05)


def test_all_shows_the_designs_and_explains_the_steps(small, run):
    short, long = (run("compare", small, *ON_PG_OS, *more).output for more in ([], ["--all"]))
    assert "both passes dense" in long and "both passes dense" not in short
    for meaning in (*CYCLES.values(), *ENERGY.values()):
        assert meaning in long and meaning not in short


def test_what_is_asked_for_stands_beside(small, run):
    asked = ("--beside", "fixed_8bit:full", "--beside", "pg_ws")
    shown = run("compare", small, *ON_PG_OS, *asked).output
    lines = shown.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("asked for:"))
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == [
        "fixed_8bit:full",
        "pg_ws",
    ]
    result = run("compare", small, "--beside", "pg_oss", code=2)
    assert "Did you mean 'pg_os'?" in result.stderr


@of_the_shipped
def test_marks_are_explained_where_they_stand(shipped):
    (line,) = (line for line in shipped.splitlines() if line.startswith("* "))
    assert line == "* at least as accurate as PG, faster, and with less energy"
    assert any(line.split()[:1] == ["4x8"] and " * " in line for line in shipped.splitlines())


def test_warnings_go_to_stderr(small, run):
    result = run("compare", small, *ON_PG_OS)
    assert "warning: small has SYNTHETIC masks: no model made them" in result.stderr
    assert "warning" not in result.stdout


def test_o_writes_the_designs(small, run, tmp_path):
    output = tmp_path / "designs.csv"
    run("compare", small, *ON_PG_WS, "--calibration-images", 2, "-o", output)
    expected = compare(small, in_fixed_order("pg_ws"), calibration_images=2).designs
    pd.testing.assert_frame_equal(read_table(output), expected)
    assert set(expected["images"]) == {8}


def test_plot_draws(small, run, tmp_path):
    figure = tmp_path / "designs.svg"
    run("compare", small, *ON_PG_OS, "--plot", figure)
    assert "<svg" in figure.read_text()


@pytest.mark.parametrize(
    ("figure", "problem"),
    [("x.jpg", "ends in one of .png, .svg, .pdf"), ("none/x.png", "none does not exist")],
)
def test_a_wrong_figure_is_refused_before_the_work(
    figure, problem, small, run, tmp_path, monkeypatch
):
    monkeypatch.setattr("pgsim.cli.compare.compare", None)  # calling it would fail
    figure = tmp_path / figure
    result = run("compare", small, "-o", tmp_path / "ok.csv", "--plot", figure, code=2)
    assert problem in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_cannot_be_drawn_leaves_no_table(small, run, tmp_path, monkeypatch):
    def refuse(comparison):
        raise InputError("cannot be drawn")

    monkeypatch.setattr("pgsim.plots.comparison.draw_comparison", refuse)
    output, plot = tmp_path / "designs.csv", tmp_path / "designs.png"
    run("compare", small, *ON_PG_OS, "-o", output, "--plot", plot, code=2)
    assert list(tmp_path.iterdir()) == []


def test_sensitivity_prints_every_setting_and_what_flips(small, run, tmp_path):
    table, figure = tmp_path / "table.csv", tmp_path / "tornado.svg"
    written = ("-o", table, "--plot", figure)
    shown = run("compare", small, *ON_PG_OS, "--sensitivity", *written).output
    found = sensitivity(small, in_fixed_order("pg_os"))
    lines = shown.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 100
    answers = (found.base, *found.answers)
    for each in found.base.ratios:
        (line,) = (own for own in lines if own.startswith(f"{each.rival}: {each.quantity} "))
        ratios = [float(word) for word in line.split() if re.fullmatch(r"\d+\.\d\d", word)]
        assert ratios == [round(answer.ratios[each], 2) for answer in answers]
        assert line.count("!") == sum(found.flips(answer, each) for answer in answers)
    assert found.finding in " ".join(shown.split())
    pd.testing.assert_frame_equal(read_table(table), found.table)
    assert "<svg" in figure.read_text()


def test_sensitivity_takes_no_options_of_the_comparison(small, run):
    assert "takes neither" in run("compare", small, "--sensitivity", "--all", code=2).stderr
