"""`weight_planes:N`: a pass for each bit plane of the weights (M55)."""

from __future__ import annotations

import pytest
from designs import design, linear, trace_of
from scheme_cases import GATED, planes

from pgsim import GateTrace, InputError, simulate
from pgsim.results import COLUMNS
from pgsim.results.columns import NEST
from pgsim.schemes import layer_passes, network_passes, scheme_named
from pgsim.workload.zeros import Zeros

WHOLE = (0, 5)  # the activations of GATED, which has 6 weight bits


@pytest.mark.parametrize(
    ("name", "lows"),
    [
        ("weight_planes:1", [5]),
        ("weight_planes:3", [5, 4, 3]),
        ("weight_planes:6", [5, 4, 3, 2, 1, 0]),
        ("weight_planes:16", [5, 4, 3, 2, 1, 0]),
    ],
)
def test_a_pass_for_each_plane_most_significant_first(name: str, lows: list[int]) -> None:
    assert planes(GATED, name) == [(WHOLE, (low, 1)) for low in lows]
    assert not any(each.gated for each in layer_passes(GATED, name))
    assert scheme_named(name).name == name


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_all_planes_are_planes_of_one_bit(dataflow: str) -> None:
    trace = trace_of(linear(13, 21, 7, gate="none", msb_bits=None), images=3)
    arch = design({"array.dataflow": dataflow, "batch": 2, "memory.dram.bytes_per_cycle": 4})
    ones = ",".join("1" * 8)
    rows = [
        simulate(trace, arch, scheme).layers.iloc[0]
        for scheme in (f"planes:4/{ones}", "weight_planes:8")
    ]
    counted = {name for name, column in COLUMNS.items() if column.unit and name not in NEST}
    counted &= set(rows[0].index)
    assert len(counted) > 30
    assert {name: rows[0][name] for name in counted} == {name: rows[1][name] for name in counted}


def zeroed(*lows: int, name: str = "linear") -> GateTrace:
    """A layer of 4 weight bits of which these are zero in every weight, by its manifest."""
    zeros = Zeros(weight=[[low, 1, 1.0] for low in lows] + [[0, 4, 0.25]])
    bits = {"weight_bits": 4, "gate": "none", "msb_bits": None}
    layer = linear(2, 3, 1, name=name, **bits)
    return trace_of(layer.replace(zeros=zeros.model_dump()))


def test_a_plane_of_zeros_makes_no_pass() -> None:
    (layer,) = zeroed(3, 1).layers
    assert planes(layer, "weight_planes:4") == [((0, 4), (2, 1)), ((0, 4), (0, 1))]
    assert planes(layer, "weight_planes:2") == [((0, 4), (2, 1))]


def test_a_layer_of_nothing_but_zeros_is_skipped() -> None:
    (layer,), (other,) = zeroed(3, 2, 1, 0).layers, zeroed(3, name="other").layers
    assert list(network_passes([layer, other], "weight_planes:4")) == ["other"]
    with pytest.raises(InputError, match="skips every layer"):
        network_passes([layer], "weight_planes:4")


@pytest.mark.parametrize("name", ["weight_planes:0", "weight_planes:17"])
def test_there_are_1_to_16_planes(name: str) -> None:
    with pytest.raises(InputError, match="expected 1 to 16 planes"):
        scheme_named(name)
