"""Figures of masks hold the bits that they were given."""

from __future__ import annotations

import numpy as np
import pytest

from pgsim.errors import InputError
from pgsim.masks import synthetic_trace
from pgsim.plots import draw_masks
from pgsim.plots.masks import tiled
from pgsim.workload import load_trace


def test_tiles_are_in_raster_order_with_gaps() -> None:
    mask = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [1, 1]]], dtype=bool)
    assert tiled(mask).tolist() == [
        [1, 0, 2, 0, 1],
        [0, 0, 2, 0, 0],
        [2, 2, 2, 2, 2],
        [0, 0, 2, 2, 2],
        [1, 1, 2, 2, 2],
    ]
    assert tiled(mask.reshape(3, 4, 1)).tolist() == mask.reshape(3, 4).T.tolist()


def test_the_layer_with_most_outputs_is_drawn_and_its_source_named() -> None:
    captured = draw_masks(load_trace("digits_pg_4_2"), images=2)
    # traces/README.md: conv2 has 2048 gated outputs, the others 1024; it is 31.0 % dense.
    assert "500 images, captured masks): conv2" in captured.get_suptitle()
    assert "density 31.0 %" in captured.get_suptitle()
    assert len(captured.axes) == 5
    made = synthetic_trace("lstm_300", images=1, density=0.2)
    assert "SYNTHETIC masks" in draw_masks(made).get_suptitle()


def test_what_cannot_be_drawn_is_refused() -> None:
    trace = load_trace("digits_pg_4_2")
    with pytest.raises(InputError, match="'fc' has gate 'none'"):
        draw_masks(trace, layer="fc")
    with pytest.raises(InputError, match=r"not in this trace.*Did you mean 'conv2'"):
        draw_masks(trace, layer="conv22")
    with pytest.raises(InputError, match="expected 1 to 9"):
        draw_masks(trace, images=10)
