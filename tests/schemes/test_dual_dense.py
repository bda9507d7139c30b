"""`dual_dense`: both of Precision Gating's passes, without a gate (M3)."""

from __future__ import annotations

from scheme_cases import GATED, UNGATED, planes, widths


def test_msbs_then_lsbs_of_all_outputs() -> None:
    assert widths(GATED, "dual_dense") == [(3, 6, False), (2, 6, False)]
    assert planes(GATED, "dual_dense") == [((2, 3), (0, 6)), ((0, 2), (0, 6))]


def test_an_ungated_layer_is_whole() -> None:
    assert widths(UNGATED, "dual_dense") == [(4, 6, False)]
