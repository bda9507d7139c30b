"""pgsim compare: designs, the account of cycles, the finding, and what to beware of."""

import numpy as np
import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.results.table_files import read_table
from pgsim.study.comparison import compare
from pgsim.workload import load_trace


def number(word):
    return int(word.replace(",", ""))


def test_it_runs_without_an_argument(run, cells):
    shown = run("compare").output
    assert shown.startswith("resnet20_pg_4_2 (captured masks), 200 images, on pg-os-16x16;")
    # Over MACs, at 2 bits and 2 more where a gate is open; 8 in the first and the last layer.
    layers = load_trace("resnet20_pg_4_2").layers
    bits = [2 + 2 * each.unpack().mean() if each.shape.gated else 8 for each in layers]
    average = np.average(bits, weights=[each.shape.macs for each in layers])
    assert cells(shown, "PG")[1] == f"{average:.2f}"
    assert "per image, energy and DRAM stalls provisional:\n" in shown
    assert "of the promised saving survives" in " ".join(shown.split())


def test_the_account_adds_up_to_the_last_cycle(small, run, cells):
    result = run("compare", small, "--arch", "pg_ws", "--layers")
    lines = result.stdout.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("baseline "))
    last = next(index for index, line in enumerate(lines) if line.startswith("DRAM stalls "))
    baseline = number(lines[first].split()[1])
    steps = [line.replace("lane imb", "lane_imb").replace("whole f", "whole_f")
             .replace("port s", "port_s").replace("DRAM s", "DRAM_s").split()
             for line in lines[first + 1 : last + 1]]  # fmt: skip
    changes = [number(step[2]) for step in steps]
    assert baseline + sum(changes) == pytest.approx(number(steps[-1][1]), abs=len(steps))
    assert cells(result.stdout, "plain")[-1].replace(".", "").isdigit()


def test_warnings_go_to_stderr(small, run):
    result = run("compare", small)
    assert "warning: small has SYNTHETIC masks: no model made them" in result.stderr
    assert "warning" not in result.stdout


def test_o_writes_the_designs(small, run, tmp_path):
    output = tmp_path / "designs.csv"
    run("compare", small, "--arch", "pg_ws", "--calibration-images", 2, "-o", output)
    expected = compare(small, "pg_ws", calibration_images=2).designs
    pd.testing.assert_frame_equal(read_table(output), expected)
    assert set(expected["images"]) == {8}


def test_plot_draws(small, run, tmp_path):
    figure = tmp_path / "designs.svg"
    run("compare", small, "--plot", figure)
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
    run("compare", small, "-o", output, "--plot", plot, code=2)
    assert list(tmp_path.iterdir()) == []
