"""pgsim systems: the table as it is printed and written, and its figure."""

from __future__ import annotations

from functools import partial

import pytest

from pgsim.cli import systems as cli
from pgsim.results.table_files import read_table
from pgsim.study.systems.table import systems

FEW = ("Uniform 8", "BSQ", "Bit Fusion", "DRQ", "Regions")


@pytest.fixture(autouse=True)
def few_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "systems", partial(systems, names=FEW))


def test_systems_are_printed_and_written(run, tmp_path):
    path, figure = tmp_path / "systems.csv", tmp_path / "systems.png"
    shown = run("systems", "char_lstm", "-o", path, "--plot", figure).output
    written = read_table(path)
    assert written["system"].tolist() == ["Uniform 8", "BSQ", "Bit Fusion"]
    assert written["trained"].tolist() == ["trained", "not trained", "trained"]
    for each in written.to_dict("records"):
        line = next(line for line in shown.splitlines() if line.startswith(each["system"]))
        assert f" {each['cycles_per_image']:,.0f} " in line
        assert ("not trained" in line) == (each["trained"] == "not trained")
    assert "left out: DRQ, Regions: a mask of input pixels belongs to a convolution" in shown
    assert "has less energy times time" in " ".join(shown.split())
    assert figure.stat().st_size > 10_000


def test_what_ran_in_part_is_told_below_the_table(run, monkeypatch):
    monkeypatch.setattr(cli, "systems", partial(systems, names=("Uniform 8", "Laconic", "CPT")))
    shown = " ".join(run("systems").output.split())
    assert (
        "in part, and no part of what was found: Laconic: 2 images of 500, without fc (0.0016% of "
        "the MACs) left out: CPT: "
    ) in shown


def test_an_unknown_family_is_refused(run):
    assert "expected one of resnet20, char_lstm" in run("systems", "alexnet", code=2).stderr
