"""Speeds: what an array takes at once, and what it cannot (M53)."""

from __future__ import annotations

import pytest
from designs import drawn, linear, trace_of

from pgsim import load_arch
from pgsim.arch import SPEEDS, ArchConfig
from pgsim.schemes import Pass, Passes, Plane, gate_of, layer_passes, whole
from pgsim.workload import LayerTrace

BY_INPUTS = trace_of(linear(2, 3, 1, gate="input", weight_bits=8), drawn("x.")).layers[0]
BY_OUTPUTS = trace_of(linear(2, 3, 1, weight_bits=8), drawn("x.")).layers[0]
NARROW = {"kind": "fixed", "max_activation_bits": 2, "max_weight_bits": 4}


def design(dataflow: str = "ws", **pe: object) -> ArchConfig:
    changes = {f"array.pe.{key}": value for key, value in (NARROW | pe).items()}
    return load_arch("pg_ws").override({"array.dataflow": dataflow, **changes})


def taken(arch: ArchConfig, passes: Passes, speed: str = "variable") -> Passes:
    return SPEEDS[speed].taken(passes, arch.pe, arch.dataflow)


def with_gate(*planes: Plane, layer: LayerTrace = BY_INPUTS) -> Passes:
    first, *later = planes
    return (Pass(first, whole(8)), *(Pass(each, whole(8), gate_of(layer)) for each in later))


def test_steady_arrays_take_passes_as_they_are() -> None:
    passes = layer_passes(BY_INPUTS, "odq:2,4")
    assert taken(design("os"), passes, "steady") is passes


def test_all_passes_under_a_mask_of_inputs_are_one_sweep() -> None:
    passes = layer_passes(BY_INPUTS, "odq:2,4")
    (sweep,) = taken(design(), passes)
    assert (sweep.activation, sweep.weight, sweep.parts) == (whole(4), whole(8), passes)
    assert sweep.gate is passes[1].gate
    assert sweep.always == passes[:1] and sweep.every_part == passes
    assert not sweep.scheduled and passes[1].scheduled


@pytest.mark.parametrize("scheme", ["pg", "full", "dual_dense"])
def test_other_passes_stay_apart(scheme: str) -> None:
    passes = layer_passes(BY_OUTPUTS, scheme)
    assert taken(design(), passes) is passes
    assert taken(design("os"), passes) is passes


@pytest.mark.parametrize(
    ("arch", "passes", "message"),
    [
        (design("os"), with_gate(Plane(2, 2), Plane(0, 2)), "expected dataflow ws, is or bitfus"),
        (design(kind="fusion", max_activation_bits=8, max_weight_bits=8),
         with_gate(Plane(2, 6), Plane(0, 2)), "PEs do 1 or 4 MACs side by side"),
        (design(), with_gate(Plane(3, 1), Plane(0, 2)), "the passes leave activation bits out"),
    ],
)  # fmt: skip
def test_what_no_step_could_take_is_refused(arch: ArchConfig, passes: Passes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        taken(arch, passes)
