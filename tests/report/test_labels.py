"""Reports say where masks come from wherever tables do (the words of `mask_source_of`)."""

from __future__ import annotations

import pandas as pd
import pytest
from shipped import in_fixed_order

from pgsim import load_trace, simulate, synthetic_trace


def labels(page):
    """The labels under the title, and whether each is to be noticed."""
    return {each.text: "caution" in each["class"] for each in page.all("span")
            if (each.get("class") or "").startswith("label")}  # fmt: skip


@pytest.fixture(scope="module")
def captured():
    return load_trace("digits_pg_4_2")


@pytest.fixture(scope="module")
def synthetic(captured):
    shapes = [layer.shape for layer in captured.layers]
    return synthetic_trace(shapes, images=4, density=0.25)


def simulated(trace, scheme="pg"):
    return simulate(trace, in_fixed_order("pg_os"), scheme)


def test_captured_masks_are_no_caution(page_of, captured):
    assert labels(page_of(simulated(captured))) == {"captured masks": False, "500 images": False}


def test_synthetic_masks_are_a_caution(page_of, synthetic):
    page = page_of(simulated(synthetic))
    assert labels(page)["SYNTHETIC masks: no model made them"] is True


def test_what_ifs_are_a_caution(page_of, captured):
    words = "captured masks, WHAT-IF: no model was trained at these bit widths"
    assert labels(page_of(simulated(captured.with_bits(msb_bits=3))))[words] is True


def test_a_table_has_a_label_for_each_source(page_of, captured, synthetic):
    both = pd.concat([simulated(captured).layers, simulated(synthetic).layers])
    found = labels(page_of(both))
    assert found["captured masks"] is False
    assert found["SYNTHETIC masks: no model made them"] is True
    assert found["2 designs"] is False


def test_figures_say_it_too(page_of, synthetic):
    page = page_of(simulated(synthetic))
    for figure in page.one("breakdowns").all("figure"):
        assert "SYNTHETIC masks" in figure.text
