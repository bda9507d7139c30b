"""The figure of the field's systems: where marks stand, and what they are called.

Expected values come from the table that is drawn.
"""

from __future__ import annotations

import pytest

from pgsim import systems
from pgsim.plots import draw_systems

FEW = ("Precision Gating", "SeerNet", "Uniform 4x4", "Bit Fusion", "Switchable 4")


def test_every_system_has_its_mark_and_its_name() -> None:
    found = systems("resnet20", names=FEW)
    axes = draw_systems(found).axes[0]
    marks = [line for line in axes.lines if line.get_marker() not in (None, "None", "")]
    assert len(marks) == len(FEW)
    for line, (_, row) in zip(marks, found.table.iterrows(), strict=True):
        assert line.get_xdata()[0] == pytest.approx(row["time_us_per_image"])
        assert line.get_ydata()[0] == pytest.approx(row["energy_pj_per_image"] / 1e6)
        hollow = line.get_markerfacecolor() == "white"
        assert hollow == (row["trained"] == "not trained")
    texts = [each.get_text() for each in axes.texts]
    assert "Precision Gating, 87.0%" in texts
    assert "SeerNet" in texts
    assert "Bit Fusion, 87.4%\nSwitchable 4, 87.3%" in texts  # marks that lie on each other


def test_names_neither_cover_each_other_nor_leave_the_figure() -> None:
    figure = draw_systems(systems("resnet20", names=FEW))
    figure.draw_without_rendering()
    boxes = [each.get_window_extent() for each in figure.axes[0].texts]
    assert all(figure.bbox.contains(*corner) for box in boxes for corner in box.corners())
    pairs = [(a, b) for place, a in enumerate(boxes) for b in boxes[:place]]
    assert not [pair for pair in pairs if pair[0].overlaps(pair[1])]


def test_what_ran_in_part_has_a_star_that_the_legend_explains() -> None:
    figure = draw_systems(systems("resnet20", names=("Uniform 8", "Cnvlutin")))
    assert [each.get_text() for each in figure.axes[0].texts] == [
        "Uniform 8, 87.8%",
        "Cnvlutin*, 87.8%",
    ]
    (legend,) = figure.legends
    assert "a part of the network ran" in [each.get_text() for each in legend.get_texts()]
    figure = draw_systems(systems("resnet20", names=("Uniform 8",)))
    (legend,) = figure.legends
    assert "a part of the network ran" not in [each.get_text() for each in legend.get_texts()]
