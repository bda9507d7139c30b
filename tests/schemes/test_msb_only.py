"""`msb_only`: the first of Precision Gating's passes alone (M3)."""

from __future__ import annotations

from scheme_cases import GATED, UNGATED, planes, widths


def test_msbs_of_all_outputs() -> None:
    assert widths(GATED, "msb_only") == [(3, 6, False)]
    assert planes(GATED, "msb_only") == [((2, 3), (0, 6))]


def test_an_ungated_layer_is_whole() -> None:
    assert widths(UNGATED, "msb_only") == [(4, 6, False)]
