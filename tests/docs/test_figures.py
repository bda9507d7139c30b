"""Figures that stand beside a command in the pages are those that it gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.pages import ROOT, code
from pgsim import load_arch, simulate
from pgsim.cli import pgsim

CORNERS = (ROOT / "MODEL.md").read_text(encoding="utf-8").partition("### M45 ")[2]
USE = (ROOT / "docs" / "use.md").read_text(encoding="utf-8")
TIMELINE = USE.partition("## When what")[2]
ROWS = re.findall(r"^\| ((?:45|16)\b.*) \|$", CORNERS.partition("**A second node.**")[0], re.M)
ENERGIES = [f"energy_{part}_pj" for part in ("pe", "gating", "sram", "dram", "leakage")]


@pytest.mark.parametrize("row", range(4))
def test_energies_of_corners_and_nodes(row: int) -> None:
    _, options, *shown = (cell.strip() for cell in ROWS[row].split("|"))
    design = load_arch("pg_os").override(
        dict(each.split("=") for each in re.findall(r"--set ([^ `]+)", options))
    )
    result = simulate("resnet20_pg_4_2", design)
    found = [result.summary[name] for name in (*ENERGIES, "energy_pj")]
    assert shown == [f"{each / 1e6 / result.trace.images:.2f}" for each in found]


def test_the_loops_of_a_layer() -> None:
    (command,) = re.findall(r"^\$ pgsim (simulate .* --explain .*)$", USE, re.M)
    printed = CliRunner().invoke(pgsim, command.split(), catch_exceptions=False).output
    (shown,) = (each for each in code(ROOT / "docs" / "use.md", "text") if "layer" in each)
    assert shown in printed


def test_the_size_of_a_timeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"^\$ pgsim (simulate .*)$", TIMELINE.partition("## ")[0], re.M)
    CliRunner().invoke(pgsim, command.split(), catch_exceptions=False)
    (shown,) = re.findall(r"([\d.]+) MB of these", TIMELINE)
    assert shown == f"{(tmp_path / 'timeline.json').stat().st_size / 1e6:.1f}"
