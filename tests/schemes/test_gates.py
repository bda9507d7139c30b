"""What may steer a pass of which layer."""

from __future__ import annotations

from scheme_cases import GATED, INPUT_GATED, UNGATED

from pgsim.schemes import InputGate, OutputGate, gate_of, layer_passes, leading


def test_outputs_gate_their_own_layer() -> None:
    assert OutputGate(GATED).refusal(GATED) is None
    assert "another layer" in str(OutputGate(UNGATED).refusal(GATED))
    assert "gate 'none'" in str(OutputGate(UNGATED).refusal(UNGATED))
    assert "gate 'input'" in str(OutputGate(INPUT_GATED).refusal(INPUT_GATED))


def test_inputs_gate_their_own_layer() -> None:
    assert InputGate(INPUT_GATED).refusal(INPUT_GATED) is None
    assert "another layer" in str(InputGate(INPUT_GATED).refusal(UNGATED))
    assert "gate 'output'" in str(InputGate(GATED).refusal(GATED))


def test_a_layer_has_the_gate_of_its_mask() -> None:
    assert gate_of(GATED) == OutputGate(GATED)
    assert gate_of(INPUT_GATED) == InputGate(INPUT_GATED)
    assert gate_of(UNGATED) is None


def test_passes_wait_for_sums_and_not_for_pixels() -> None:
    assert leading(layer_passes(GATED, "pg")) == 1
    assert leading(layer_passes(INPUT_GATED, "pg")) == 2
