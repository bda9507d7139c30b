"""Maps of the array: a panel for the network and each layer, which PE has which value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plot_cases import title, y_labels

from pgsim import array_use, simulate
from pgsim.errors import InputError
from pgsim.plots import array_use as drawing
from pgsim.plots import draw_array_use


@pytest.fixture(scope="module")
def result() -> Any:
    return simulate("digits_pg_4_2", "pg_os", calibration_images=480)


def headings(figure: Any) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_images()]


def test_every_pe_has_its_cell_and_headings_say_the_mean(result: Any) -> None:
    figure = draw_array_use(result)
    rows = [("network", result.summary), *((row["layer"], row) for row in result.rows)]
    assert headings(figure) == [f"{name}: {row['pe_utilization']:.1%}" for name, row in rows]
    use = array_use(result)
    most = max(own.max() for own in use.values())
    for axes, own in zip(figure.axes, use.values(), strict=False):
        (image,) = axes.get_images()
        np.testing.assert_array_equal(image.get_array(), own)
        assert image.origin == "upper"
        assert image.get_clim() == (0, most)
    assert title(figure).startswith("digits_pg_4_2 (20 images, captured masks) on pg-os-16x16")
    assert y_labels(figure.axes[0]) == ["0", "2", "4", "6", "8", "10", "12", "14"]
    assert "over a PE's peak" in figure.axes[-1].get_ylabel()


def test_a_layer_alone_has_its_numbers(result: Any) -> None:
    arch = result.arch.override({"array.rows": 2, "array.columns": 4})
    small = simulate("digits_pg_4_2", arch, calibration_images=490)
    figure = draw_array_use(small, layers=["conv2"])
    use = array_use(small, ["conv2"])["conv2"]
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert written == {(c, r): f"{use[r, c]:.3f}" for r in range(2) for c in range(4)}


def test_of_too_many_layers_those_of_most_cycles_are_drawn(result: Any, monkeypatch: Any) -> None:
    page = drawing.page_of(None)._replace(most_panels=3)
    monkeypatch.setattr(drawing, "page_of", lambda width: page)
    figure = draw_array_use(result)
    cycles = sorted((row["cycles"], row["layer"]) for row in result.rows)[-2:]
    kept = [row["layer"] for row in result.rows if row["layer"] in dict(map(reversed, cycles))]
    assert [each.split(":")[0] for each in headings(figure)] == ["network", *kept]
    assert title(figure).endswith("\n4 layers of fewer cycles are left out")


def test_a_layer_that_there_is_not_is_named(result: Any) -> None:
    with pytest.raises(InputError, match=r"names of layers of digits_pg_4_2, not 'conv'"):
        draw_array_use(result, layers=["conv"])
