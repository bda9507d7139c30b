"""`full`: every output at the layer's own bits (M3)."""

from __future__ import annotations

from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths


def test_every_layer_is_whole() -> None:
    assert widths(GATED, "full") == [(5, 6, False)]
    assert widths(UNGATED, "full") == [(4, 6, False)]
    assert planes(GATED, "full") == [((0, 5), (0, 6))]


def test_a_layer_that_gates_inputs_runs_whole() -> None:
    assert widths(INPUT_GATED, "full") == [(4, 8, False)]
