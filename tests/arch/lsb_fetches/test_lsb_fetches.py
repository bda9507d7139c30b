"""Which planes of an activation come ahead of need, by hand (M24)."""

from __future__ import annotations

import pytest
from designs import drawn, linear, trace_of

from pgsim.arch import LSB_FETCHES
from pgsim.schemes import Pass, Plane, gate_of, whole

LAYER = trace_of(linear(2, 3, 1, weight_bits=8), drawn("x.")).layers[0]


@pytest.mark.parametrize(("name", "bits"), [("with_msb", 0b1111), ("on_demand", 0b1100)])
def test_planes_of_gated_passes_may_wait_for_open_gates(name: str, bits: int) -> None:
    msbs = Pass(Plane(2, 2), whole(8))
    lsbs = Pass(Plane(0, 2), whole(8), gate_of(LAYER))
    assert LSB_FETCHES[name].ahead((msbs, lsbs)) == bits


@pytest.mark.parametrize("fetch", LSB_FETCHES.values(), ids=LSB_FETCHES.keys())
def test_what_a_dense_pass_uses_too_never_waits(fetch) -> None:
    all_bits = Pass(whole(4), whole(8))
    lsbs = Pass(Plane(0, 2), whole(8), gate_of(LAYER))
    assert fetch.ahead((all_bits, lsbs)) == 0b1111
