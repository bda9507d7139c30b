"""What may steer a pass of which layer."""

from __future__ import annotations

from scheme_cases import GATED, INPUT_GATED, UNGATED

from pgsim.schemes import InputGate, OutputGate


def test_outputs_gate_their_own_layer() -> None:
    assert OutputGate(GATED).refusal(GATED) is None
    assert "another layer" in str(OutputGate(UNGATED).refusal(GATED))
    assert "gate 'none'" in str(OutputGate(UNGATED).refusal(UNGATED))
    assert "gate 'input'" in str(OutputGate(INPUT_GATED).refusal(INPUT_GATED))


def test_no_dataflow_streams_a_part_of_its_inputs() -> None:
    assert "every dataflow here streams all of them" in str(
        InputGate(INPUT_GATED).refusal(INPUT_GATED)
    )
