"""The use of each PE: its mean is the utilization of tables, and edges of folds are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import design, linear, trace_of

from pgsim import ArchConfig, array_use, load_arch, simulate
from pgsim.errors import InputError


@pytest.mark.parametrize(
    ("arch", "changes", "scheme"),
    [
        ("pg_os", {}, "pg"),
        ("pg_os", {"lsb.scheduler": "queue", "batch": 3, "mapping.kind": "fixed"}, "pg"),
        ("pg_os", {"array.lanes": "positions"}, "pg"),
        ("pg_ws", {"lsb.scheduler": "ideal"}, "pg"),
        ("pg_ws", {}, "uniform:8,8"),
        ("fixed_8bit", {}, "full"),
    ],
)
def test_the_mean_over_pes_is_the_utilization(arch: str, changes: Any, scheme: str) -> None:
    design = load_arch(arch).override(changes)
    result = simulate("digits_pg_4_2", design, scheme, calibration_images=470)  # 30 are simulated
    means = {name: own.mean() for name, own in array_use(result).items()}
    stated = {row["layer"]: row["pe_utilization"] for row in result.rows}
    assert means == pytest.approx(stated | {"network": result.summary["pe_utilization"]})


def test_a_layer_that_is_counted_by_hand() -> None:
    """Of `test_pe_work`: 28 MACs of 4 x 8 bits in the busiest PE, whose peak is 8 x 8 a cycle.

    Four folds of 7 cycles and a skew of 4 are 32 cycles, beside 2 of DRAM: a first read and a last
    write.
    """
    result = simulate(trace_of(linear(6, 7, 3, gate="none")), design(), "full")
    assert result.cycles == 28 + 4 + 2
    expected = np.array([[28, 14], [28, 14], [14, 7], [14, 7]]) * 4 * 8 / (34 * 64)
    np.testing.assert_allclose(array_use(result)["network"], expected)


def test_layers_that_are_chosen_stand_alone() -> None:
    result = simulate("digits_pg_4_2", "pg_ws", calibration_images=499)
    use = array_use(result, ["fc", "conv1"])
    assert list(use) == ["fc", "conv1"]
    # `fc` has ten channels, and conv1's 9 elements are a row each: fold by hand of 16 x 16 PEs
    assert (use["fc"] > 0).any(axis=0).tolist() == [True] * 10 + [False] * 6
    assert (use["conv1"] > 0).any(axis=1).tolist() == [True] * 9 + [False] * 7


def test_a_layer_that_there_is_not_is_named() -> None:
    result = simulate("digits_pg_4_2", "pg_ws", calibration_images=499)
    with pytest.raises(InputError, match=r"not 'conv9'\. Did you mean 'conv5'"):
        array_use(result, ["conv9"])


def test_peaks_are_those_of_the_design() -> None:
    """On PEs of half the bits the same work is twice the use of a cycle."""
    trace = trace_of(linear(6, 7, 3, gate="none"))
    both = []
    for bits in (8, 4):
        arch: ArchConfig = design({"array.pe.max_activation_bits": bits})
        both.append(array_use(simulate(trace, arch, "full"))["network"])
    np.testing.assert_allclose(both[1], 2 * both[0])


def test_two_arrays_have_no_map() -> None:
    changes = {"array.predictor_share": 0.25, "mapping": "fixed", "memory.ports": "slots"}
    design = load_arch("pg_os").override(changes)
    result = simulate("digits_pg_4_2", design, calibration_images=499)
    with pytest.raises(InputError, match=r"expected array\.predictor_share: 0$"):
        array_use(result)
