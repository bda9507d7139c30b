"""What must hold between LSB schedulers for every mask, through the whole pipeline (M14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np
from designs import design, linear, trace_of
from hypothesis import given, settings

from pgsim import GateTrace, simulate


@dataclass(frozen=True)
class Masked:
    """A layer of one reduction fold with any mask, and the array and windows that it runs on."""

    trace: GateTrace
    array: dict[str, Any]

    def issued(self, scheduler: str, **settings: int) -> dict[str, int]:
        """The slots that a scheduler issues, the bounds beside them, and its LSB cycles."""
        own = {f"lsb.{name}": value for name, value in settings.items()}
        result = simulate(self.trace, design(self.array | {"lsb.scheduler": scheduler} | own))
        return {name: int(result.summary[name]) for name in (*SLOTS, "lsb_cycles")}


SLOTS = ("lsb_slots_dense", "lsb_slots_issued", "lsb_slots_ideal", "lsb_slots_fullest_lane")


@st.composite
def masked_layers(draw: st.DrawFn) -> Masked:
    positions, channels = draw(st.integers(1, 70)), draw(st.integers(1, 9))
    images = draw(st.integers(1, 3))
    density = draw(st.sampled_from((0.0, 0.05, 0.3, 0.7, 1.0)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = rng.random((images, channels, positions)) < density * rng.random((channels, 1))
    array = {
        "array.dataflow": draw(st.sampled_from(("os", "ws", "is", "bitfusion"))),
        "array.columns": draw(st.integers(1, 8)),
        "batch": draw(st.integers(1, 3)),
        "lsb.window": draw(st.sampled_from(("auto", 4, 16, 64))),
    }
    return Masked(trace_of(linear(positions, 3, channels), mask), array)


quick = settings(max_examples=25, deadline=None)
few = st.sampled_from((1, 2, 3, 8))


@quick
@given(masked_layers(), few, few, few, few)
def test_schedulers_are_ordered(
    layer: Masked, ways: int, open_slots: int, depth: int, scan: int
) -> None:
    dense, skip, ideal = (layer.issued(each) for each in ("dense", "skip", "ideal"))
    combine = layer.issued("combine", ways=ways, open=open_slots)
    queue = layer.issued("queue", depth=depth, scan=scan)
    for better, worse in (
        (ideal, combine),
        (combine, skip),
        (skip, dense),
        (ideal, queue),
        (queue, skip),
    ):
        assert better["lsb_slots_issued"] <= worse["lsb_slots_issued"]
        assert better["lsb_cycles"] <= worse["lsb_cycles"]
    assert dense["lsb_slots_issued"] == dense["lsb_slots_dense"]
    assert ideal["lsb_slots_issued"] == ideal["lsb_slots_ideal"]


@quick
@given(masked_layers(), few)
def test_one_way_is_skip(layer: Masked, open_slots: int) -> None:
    skip = layer.issued("skip")
    assert layer.issued("combine", ways=1, open=open_slots) == skip
    assert layer.issued("queue", depth=1, scan=1) == skip


@quick
@given(masked_layers(), few, few, few, few)
def test_none_but_ideal_goes_below_the_fullest_lane(
    layer: Masked, ways: int, open_slots: int, depth: int, scan: int
) -> None:
    for found in (
        layer.issued("skip"),
        layer.issued("combine", ways=ways, open=open_slots),
        layer.issued("queue", depth=depth, scan=scan),
    ):
        assert found["lsb_slots_issued"] >= found["lsb_slots_fullest_lane"]
        assert found["lsb_slots_fullest_lane"] >= found["lsb_slots_ideal"]


@quick
@given(masked_layers())
def test_a_queue_that_covers_the_window_reaches_the_fullest_lane(layer: Masked) -> None:
    window = layer.array["lsb.window"]
    covered = Masked(layer.trace, layer.array | {"lsb.window": 64 if window == "auto" else window})
    found = covered.issued("queue", depth=64, scan=64)
    assert found["lsb_slots_issued"] == found["lsb_slots_fullest_lane"]


@quick
@given(masked_layers())
def test_bounds_do_not_depend_on_the_scheduler(layer: Masked) -> None:
    bounds = [name for name in SLOTS if name != "lsb_slots_issued"]
    found = [layer.issued(each) for each in ("dense", "skip", "combine", "queue", "ideal")]
    assert len({tuple(each[name] for name in bounds) for each in found}) == 1
