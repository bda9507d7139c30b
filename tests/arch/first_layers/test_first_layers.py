"""How the first layer of a network runs (M47)."""

from __future__ import annotations

import pytest

from pgsim.arch import DATAFLOWS, FIRST_LAYERS


@pytest.mark.parametrize("flow", DATAFLOWS.values(), ids=DATAFLOWS.keys())
def test_a_first_layer_that_is_as_others_runs_as_they_do(flow) -> None:
    assert FIRST_LAYERS["as_others"].flow(flow) is flow


def test_bit_fusion_takes_the_rows_of_a_product_of_matrices_from_the_whole_kernel() -> None:
    flow = DATAFLOWS["bitfusion"]
    by_im2col = FIRST_LAYERS["im2col"].flow(flow)
    assert type(by_im2col) is not type(flow)
    assert by_im2col.name == flow.by_im2col.name


def test_im2col_changes_nothing_where_taps_are_rows_anyway() -> None:
    flow = DATAFLOWS["os"]
    assert FIRST_LAYERS["im2col"].flow(flow) is flow
