"""`pg`: Precision Gating's two passes (M2, M3)."""

from __future__ import annotations

from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths

from pgsim.schemes import InputGate, OutputGate, layer_passes


def test_msbs_of_all_outputs_then_lsbs_of_some() -> None:
    assert widths(GATED, "pg") == [(3, 6, False), (2, 6, True)]
    # Bits 4 to 2 are the MSBs of 5.
    assert planes(GATED, "pg") == [((2, 3), (0, 6)), ((0, 2), (0, 6))]


def test_an_ungated_layer_is_whole() -> None:
    assert widths(UNGATED, "pg") == [(4, 6, False)]


def test_the_lsb_pass_carries_the_layers_own_mask() -> None:
    gate = layer_passes(GATED, "pg")[1].gate
    assert isinstance(gate, OutputGate)
    assert gate.mask is GATED


def test_a_layer_that_gates_inputs_is_split_in_the_same_way() -> None:
    # 4 bits, of which 2 are MSBs.
    assert planes(INPUT_GATED, "pg") == [((2, 2), (0, 8)), ((0, 2), (0, 8))]
    gate = layer_passes(INPUT_GATED, "pg")[1].gate
    assert isinstance(gate, InputGate)
    assert gate.mask is INPUT_GATED
    assert widths(INPUT_GATED, "dual_dense") == [(2, 8, False), (2, 8, False)]
    assert widths(INPUT_GATED, "msb_only") == [(2, 8, False)]
