"""MODEL.md's timing diagrams are what the RTL does, character by character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rtl.building import Programs, verilated
from rtl.diagram import DIAGRAMS, Diagram, drawn
from rtl.verilator import needs_verilator

pytestmark = pytest.mark.xdist_group("rtl")  # they share what takes long to make

MODEL = Path(__file__).parents[2] / "MODEL.md"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    builds = {diagram.build for diagram in DIAGRAMS}
    with verilated(builds, tmp_path_factory.getbasetemp() / "designs") as programs:
        yield programs


@needs_verilator
@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda diagram: diagram.rule)
def test_the_model_shows_what_the_rtl_does(
    diagram: Diagram, programs: Programs, tmp_path: Path
) -> None:
    program = programs[diagram.build.name].result()
    assert drawn(diagram, program, tmp_path / "cases.txt") in MODEL.read_text()
