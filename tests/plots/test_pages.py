"""Figures in print: widths of columns, sizes of letters, texts apart, fonts publishers take."""

from __future__ import annotations

import re
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from plot_cases import table

from pgsim.plots import draw_results, plot_results
from pgsim.plots.drawing import ENERGY, HATCHES, LATENCY
from pgsim.plots.stacks import DRAM_TRAFFIC, SRAM_TRAFFIC

ROWS = [
    {
        "array.rows": rows, "scheme": scheme, "layer": layer, "cycles": 1000 // rows,
        "pe_utilization": 1 / rows, "arch": "a design of a long name, as people give them",
    }
    for rows in (4, 8, 16)
    for scheme in ("pg", "full")
    for layer in ("conv1", "layer1.0.conv1", "layer1.0.conv2", "fc")
]  # fmt: skip
FIGURES: dict[str, dict[str, Any]] = {
    "bars": {},
    "bars of long names": {"by": "arch"},
    "bars of layers": {"by": "layer", "where": ["array.rows=4"]},
    "lines": {"x": "array.rows", "y": "cycles"},
    "a long label": {"x": "layer", "y": "pe_utilization", "where": ["array.rows=4"]},
    "panels": {"x": "array.rows", "y": "pe_utilization", "facet": "scheme"},
    "a grid": {"x": "layer", "y": "cycles", "facet": ["scheme", "array.rows"]},
    "a cloud": {"x": "cycles", "y": "energy_pj"},
}


def texts(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """Return all that is written when a figure is drawn."""
    drawn: list[Text] = []
    draw = Text.draw

    def recorded(self: Text, *arguments: Any, **options: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        draw(self, *arguments, **options)

    figure.draw_without_rendering()  # which lays it out
    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", recorded)
        figure.draw_without_rendering()
    return drawn


@pytest.mark.parametrize("width", ["column", "page", None])
@pytest.mark.parametrize("figure", FIGURES)
def test_no_text_touches_another_or_leaves_the_figure(
    figure: str, width: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw_results(table(*ROWS), width=width, **FIGURES[figure])
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(drawn, monkeypatch)]
    whole = drawn.bbox
    for text, box in boxes:
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= whole.x1 + 1 and box.y1 <= whole.y1 + 1
        assert inside, text
    for (one, box), (other, beside) in combinations(boxes, 2):
        apart = (
            box.x1 <= beside.x0 + 1 or beside.x1 <= box.x0 + 1
            or box.y1 <= beside.y0 + 1 or beside.y1 <= box.y0 + 1
        )  # fmt: skip
        assert apart, (one, other)


@pytest.mark.parametrize(("width", "inches"), [("column", 3.5), ("page", 7.16)])
@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_as_wide_as_print_and_letters_can_be_read(
    figure: str, width: str, inches: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw_results(table(*ROWS), width=width, **FIGURES[figure])
    assert drawn.get_figwidth() == inches
    assert drawn.get_figheight() <= 9.5  # what a page of a journal has
    # 5 points are the least that IEEE takes; readers ask for more
    assert min(text.get_fontsize() for text in texts(drawn, monkeypatch)) >= 5


@pytest.mark.parametrize("figure", FIGURES)
def test_a_pdf_has_no_type_3_fonts(figure: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.pdf"
    plot_results(table(*ROWS), path, width="column", **FIGURES[figure])
    data = path.read_bytes()
    streams = re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL)
    data += b"".join(zlib.decompress(each) for each in streams if each[:1] == b"x")
    assert b"/Type3" not in data and b"/Subtype /Type3" not in data
    assert b"/TrueType" in data or b"/CIDFontType2" in data


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as WCAG 2 has it, from 0 to 1."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("parts", [LATENCY, ENERGY, DRAM_TRAFFIC, SRAM_TRAFFIC])
def test_parts_are_told_apart_in_grey_by_lightness_or_hatches(parts: Any) -> None:
    looks = [(colour, HATCHES.get(colour)) for _, colour in parts.values()]
    for (one, hatch), (other, other_hatch) in combinations(looks, 2):
        assert hatch != other_hatch or abs(luminance(one) - luminance(other)) > 0.05


@pytest.mark.parametrize("y", ["pe_utilization", "energy_pj"])
def test_lines_and_marks_are_told_apart_in_grey_by_their_markers(y: str) -> None:
    rows = [
        {"array.rows": rows, "scheme": scheme, "arch": arch, "cycles": 1000 // rows}
        for rows in (4, 8)
        for scheme in ("pg", "full", "uniform:8,8", "uniform:4")
        for arch in ("os", "ws")
    ]
    lines = draw_results(table(*rows), x="array.rows", y=y).axes[0].get_lines()
    assert len({line.get_marker() for line in lines}) == len(lines) == 8
    marks = draw_results(table(*rows), x="cycles", y=y).axes[0].get_lines()[:8]
    assert len({line.get_marker() for line in marks}) == 8


def test_a_component_has_the_same_colour_in_all_figures() -> None:
    assert ENERGY["energy_dram_pj"][1] == LATENCY["dram_stall_cycles"][1]
    assert ENERGY["energy_sram_pj"][1] == LATENCY["port_stall_cycles"][1]
    assert ENERGY["energy_pe_pj"][1] == LATENCY["msb_cycles"][1]
    colours = [colour for _, colour in (*LATENCY.values(), *ENERGY.values())]
    assert len(set(colours)) == 7  # ten parts, of which those three pairs are of one component
