"""What-ifs beside what was trained: hollow marks, dashed edges of cells, and words."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from plot_cases import table, title, y_labels

from pgsim.plots import draw_heat_map, draw_results

WHAT_IF = "captured masks, WHAT-IF"
FRAME = table(
    *(
        {
            "trace.activation_bits": bits,
            "trace": f"digits[activation_bits={bits}]",
            "mask_source": "captured" if bits == 4 else "captured, what-if",
            "lsb.scheduler": scheduler,
            "cycles": 100 * bits + len(scheduler),
        }
        for bits, scheduler in product((3, 4, 6), ("skip", "combine"))
    )
)
TRAINED = FRAME[FRAME["mask_source"] == "captured"]


@pytest.mark.parametrize("width", [None, "column"])
def test_panels_of_bars_say_it(width: str | None) -> None:
    figure = draw_results(
        FRAME, by="lsb.scheduler", facet="trace.activation_bits", parts=["energy"], width=width
    )
    headings = [axes.texts[-1].get_text().replace("\n", " ") for axes in figure.axes]
    assert headings == [
        f"trace.activation_bits: {bits}, {WHAT_IF if bits != 4 else 'captured masks'}"
        for bits in (3, 4, 6)
    ]


def test_panels_of_every_breakdown_are_headed_where_they_stand_above_each_other() -> None:
    figure = draw_results(FRAME, by="trace.activation_bits", facet="lsb.scheduler", width="column")
    headings = [axes.texts[-1].get_text() for axes in figure.axes]
    assert headings == 2 * ["lsb.scheduler: skip", "lsb.scheduler: combine"]


def test_headings_stand_above_the_bars() -> None:
    many = pd.concat([FRAME.assign(scheme=f"uniform:{bits}") for bits in range(1, 9)])
    figure = draw_results(many, by="scheme", facet="trace.activation_bits")
    figure.draw_without_rendering()
    for axes in figure.axes[::2]:
        heading = axes.texts[-1].get_window_extent()
        assert heading.y0 >= max(bar.get_window_extent().y1 for bar in axes.patches)


def test_bars_of_widths_say_it() -> None:
    figure = draw_results(FRAME, by="trace.activation_bits")
    assert [each.replace("\n", " ") for each in y_labels(figure.axes[0])] == [
        f"trace.activation_bits={bits}, {WHAT_IF if bits != 4 else 'captured masks'}"
        for bits in (3, 4, 6)
    ]


def test_marks_on_lines_are_hollow_beside_trained_ones() -> None:
    figure = draw_results(FRAME, x="trace.activation_bits", y="cycles")
    lines = figure.axes[0].get_lines()
    for whole, marks in zip(lines[::2], lines[1::2], strict=True):
        assert whole.get_markerfacecolor() == whole.get_color()
        assert list(marks.get_xdata()) == [3, 6]
        assert to_rgba(marks.get_markerfacecolor()) == to_rgba("white")
        assert marks.get_linestyle() == "None"
    assert figure.legends[0].get_texts()[-1].get_text() == f"hollow: {WHAT_IF}"


def test_no_mark_is_filled_where_all_masks_are_alike() -> None:
    figure = draw_results(TRAINED, x="lsb.scheduler", y="cycles")
    assert [line.get_markerfacecolor() for line in figure.axes[0].get_lines()] == ["none"]
    assert not figure.legends


@pytest.mark.parametrize(
    ("x", "y"),
    [("trace.activation_bits", "lsb.scheduler"), ("lsb.scheduler", "trace.activation_bits")],
)
def test_cells_have_dashed_edges_beside_trained_ones(x: str, y: str) -> None:
    figure = draw_heat_map(FRAME, value="cycles", x=x, y=y)
    assert len(figure.axes) == 2  # one panel, and what its colours are
    middles = {
        (edge.get_x() + edge.get_width() / 2, edge.get_y() + edge.get_height() / 2)
        for edge in figure.axes[0].patches
    }
    expected = {(place, other) for place in (0, 2) for other in (0, 1)}  # of 3, 4 and 6 bits
    found = middles if x.startswith("trace") else {(bits, other) for other, bits in middles}
    assert {(round(a), round(b)) for a, b in found} == expected
    assert title(figure).endswith(f"dashed edges: {WHAT_IF}")


def test_cells_have_no_edges_where_the_heading_says_it_or_all_are_alike() -> None:
    for frame, heads in ((FRAME, 3), (TRAINED, 1)):
        frame = frame.assign(
            **{"array.rows": frame["lsb.scheduler"].map({"skip": 1, "combine": 2})}
        )
        figure = draw_heat_map(frame, value="cycles", x="lsb.scheduler", y="array.rows")
        assert len(figure.axes) == heads + 1
        assert not any(axes.patches for axes in figure.axes[:heads])
