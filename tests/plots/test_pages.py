"""Figures in print: widths of columns, sizes of letters, texts apart, fonts publishers take."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import combinations
from math import dist
from pathlib import Path
from typing import Any

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from plot_cases import table

from pgsim.plots import draw_results, plot_results
from pgsim.plots.drawing import ENERGY, HATCHES, LATENCY
from pgsim.plots.pages import PHONE
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
    red, green, blue = linear_of(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear_of(colour: str) -> list[float]:
    """Return red, green and blue of a colour in sRGB as amounts of light, from 0 to 1."""
    return [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    ]


@pytest.mark.parametrize("parts", [LATENCY, ENERGY, DRAM_TRAFFIC, SRAM_TRAFFIC])
def test_parts_are_told_apart_in_grey_by_contrast_or_hatches(parts: Any) -> None:
    looks = [(colour, HATCHES.get(colour)) for _, colour in parts.values()]
    for (one, hatch), (other, other_hatch) in combinations(looks, 2):  # any may be neighbours
        dark, bright = sorted((luminance(one), luminance(other)))
        assert hatch != other_hatch or (bright + 0.05) / (dark + 0.05) > 1.6


# What is left of linear red, green and blue for those who lack one kind of cone: Machado, Oliveira
# and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009.
LACKING = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE = (0.9505, 1.0, 1.089)


def lab(colour: str, vision: str) -> tuple[float, float, float]:
    """Return a colour in CIELAB as one of these sees it."""
    seen = [min(1.0, max(0.0, part)) for part in _times(LACKING[vision], linear_of(colour))]
    ratios = (part / white for part, white in zip(_times(_TO_XYZ, seen), _WHITE, strict=True))
    x, y, z = (r ** (1 / 3) if r > 216 / 24389 else (24389 / 27 * r + 16) / 116 for r in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


@pytest.mark.parametrize("vision", LACKING)
@pytest.mark.parametrize("parts", [LATENCY, ENERGY, DRAM_TRAFFIC, SRAM_TRAFFIC])
def test_parts_are_told_apart_by_the_colour_blind(parts: Any, vision: str) -> None:
    looks = [(lab(colour, vision), HATCHES.get(colour)) for _, colour in parts.values()]
    for (one, hatch), (other, other_hatch) in combinations(looks, 2):
        # 2.3 is what one can just notice of patches side by side; bars are small and apart
        apart = dist(one, other)
        assert apart > 10 if hatch == other_hatch else apart > 5


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


def test_a_phone_has_bars_for_as_many_designs_as_a_screen_on_the_width_of_a_column() -> None:
    frame = table(*({"array.rows": rows} for rows in range(1, 61)))
    figure = draw_results(frame, width=PHONE)
    assert figure.get_figwidth() == draw_results(frame, width="column").get_figwidth() == 3.5
    assert [len(axes.get_yticks()) for axes in figure.axes] == [60, 60]  # latency, energy
