"""What a job says of a layer, its passes and a design, counted by hand (M5, M18, M23, M24)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs import conv, linear, recurrent
from jobs import Listed, job_of

from pgsim.arch import Rate
from pgsim.schemes import ACTIVATIONS, WEIGHTS

LAYER = linear(5, 6, 3)  # 4 bits of which 2 are MSBs, 8-bit weights
W = (0, 8)


def test_operands_of_slots_and_lanes_follow_the_lanes() -> None:
    job = job_of(LAYER)
    assert (job.slot_operand, job.lane_operand) == (ACTIVATIONS, WEIGHTS)
    job = job_of(LAYER, changes={"array.lanes": "positions"})
    assert (job.slot_operand, job.lane_operand) == (WEIGHTS, ACTIVATIONS)


def test_gated_jobs_have_passes_behind_the_gate() -> None:
    for scheme, leading, gated in (("pg", 1, True), ("dual_dense", 2, False), ("full", 1, False)):
        job = job_of(LAYER, scheme=scheme)
        assert (job.leading, job.gated) == (leading, gated)
    job = job_of(LAYER, scheme=Listed(dense=(((3, 1), W), ((2, 1), W)), gated=(((0, 2), W),)))
    assert (job.leading, job.gated) == (2, True)


def test_each_pass_has_a_rate_of_its_own() -> None:
    # Fusion PEs of 8 x 8: 4 MACs at 2 x 8 bits, 2 at 4 x 8. D = 6 is 2 steps, or 3; `ws` folds of 4
    # rows are 1 each.
    fusion = {"array.pe.kind": "fusion", "array.dataflow": "ws"}
    assert job_of(LAYER, None, fusion, "pg").rates == (Rate(4, 1, 2, 1), Rate(4, 1, 2, 1))
    assert job_of(LAYER, None, fusion, "full").rates == (Rate(2, 1, 3, 1),)


@pytest.mark.parametrize(
    ("dataflow", "layer", "scheme", "stay"),
    [
        # D = 3 is one fold of 4 rows, and both passes use all weights.
        ("ws", linear(5, 3, 3), "pg", True),
        ("bitfusion", linear(5, 3, 3), "pg", True),
        ("os", linear(5, 3, 3), "pg", False),  # nothing stays in the PEs
        ("ws", linear(5, 6, 3), "pg", False),  # two folds
        # Under `is` two passes hold two planes of the activations, one pass one.
        ("is", linear(5, 3, 3), "pg", False),
        ("is", linear(5, 3, 3), "full", True),
        ("is", linear(5, 3, 3), Listed((((0, 4), (4, 4)), ((0, 4), (0, 4)))), True),
        ("ws", linear(5, 3, 3), Listed((((0, 4), (4, 4)), ((0, 4), (0, 4)))), False),
    ],
)
def test_operands_stay(dataflow: str, layer: object, scheme: object, stay: bool) -> None:
    job = job_of(layer, None, {"array.dataflow": dataflow}, scheme)
    assert job.operands_stay is stay


def test_passes_of_other_rates_hold_other_operands() -> None:
    # Fusion PEs do 2 MACs at 4 x 8 bits and 4 at 2 x 8.
    fusion = {"array.pe.kind": "fusion", "array.dataflow": "ws"}
    mixed = Listed((((0, 4), W), ((0, 2), W)))
    assert not job_of(linear(5, 3, 3), None, fusion, mixed).operands_stay
    assert job_of(linear(5, 3, 3), None, fusion, Listed((((0, 4), W), ((0, 3), W)))).operands_stay


def test_stored_bits_are_those_of_any_pass() -> None:
    job = job_of(LAYER, scheme=Listed((((2, 2), (4, 4)),), (((0, 3), (2, 3)),)))
    assert (job.activation_bits, job.weight_bits) == (4, 6)


@pytest.mark.parametrize(
    ("fetch", "ahead", "demanded"),
    [
        # Activation bits 3 and 2 are used by a dense pass, 2 to 0 by a gated one.
        ("with_msb", 0b1111, 0),
        ("on_demand", 0b1100, 2),
    ],
)
def test_bits_that_only_gated_passes_use_may_come_on_demand(
    fetch: str, ahead: int, demanded: int
) -> None:
    scheme = Listed((((2, 2), W),), (((0, 3), W),))
    job = job_of(LAYER, None, {"memory.lsb_fetch": fetch}, scheme)
    assert (job.ahead, job.demand_bits) == (ahead, demanded)
    assert job.ahead_bits + job.demand_bits == job.activation_bits


def test_inputs_of_one_run_and_group() -> None:
    # 2 images of 5 tokens of 6 channels; of 4 x 4 pixels of 2 of 4 channels; of one time step.
    batch = {"batch": 2}
    assert job_of(LAYER, changes=batch).run_inputs == 2 * 5 * 6
    assert job_of(conv(4, 6, 4, 3, groups=2), changes=batch).run_inputs == 2 * 16 * 2
    assert job_of(recurrent(7, 6, 3), changes=batch).run_inputs == 2 * 6


def test_what_else_stays_does_not_matter_to_a_layer_whose_inputs_stay() -> None:
    job = job_of(LAYER)
    fuller = replace(job, retained_bits=8)
    assert fuller.alike != job.alike
    assert replace(fuller, inputs_stay=True).alike == replace(job, inputs_stay=True).alike
