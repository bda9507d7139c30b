"""Rows taken together: sums of counts, the largest that int64 holds among them."""

from __future__ import annotations

import pandas as pd
import pytest

from pgsim.plots.arranging import arranged
from pgsim.plots.pages import page_of
from pgsim.results.designs import per_image, value_by

LARGEST = 2**63 - 1


@pytest.fixture
def layers() -> pd.DataFrame:
    """Two layers of two images, whose counts add up to more than int64 holds."""
    return pd.DataFrame(
        {
            "arch": ["a", "a"],
            "layer": ["first", "second"],
            "images": [2, 2],
            "lsb_macs": [LARGEST, LARGEST],
            "msb_macs": [1, LARGEST],
        }
    )


def test_sums_per_image(layers: pd.DataFrame) -> None:
    found = per_image(layers, ["arch"], ["lsb_macs", "msb_macs"])
    assert found["lsb_macs"].tolist() == [pytest.approx(LARGEST)]
    assert found["msb_macs"].tolist() == [pytest.approx((1 + LARGEST) / 2)]


def test_a_column_that_is_drawn(layers: pd.DataFrame) -> None:
    found = value_by(layers, ["arch"], "lsb_macs")
    assert found["lsb_macs"].tolist() == [pytest.approx(LARGEST)]


def test_rows_that_a_figure_takes_together(layers: pd.DataFrame) -> None:
    arrangement = arranged(
        layers, ["layer"], page_of(None), by="arch", facet=(), aggregate="sum", most_lines=9
    )
    (total,) = arrangement.together(layers, ["arch"], ["lsb_macs"])["lsb_macs"]
    assert total == pytest.approx(2 * LARGEST)
