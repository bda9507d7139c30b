"""MODEL.md's timing diagrams are what the RTL does, character by character."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtl.diagram import DIAGRAMS, Diagram, drawn
from rtl.verilator import needs_verilator

MODEL = Path(__file__).parents[2] / "MODEL.md"


@needs_verilator
@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda diagram: diagram.rule)
def test_the_model_shows_what_the_rtl_does(diagram: Diagram, tmp_path: Path) -> None:
    builds = Path(os.environ.get("PGSIM_RTL_BUILDS", tmp_path))
    assert drawn(diagram, builds, tmp_path / "cases.txt") in MODEL.read_text()
