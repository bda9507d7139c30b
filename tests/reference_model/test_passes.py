"""The reference's passes of any number: planes, timelines and sums against cases worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hand_worked import LOW, TOP, WHOLE, dense, gated, linear, port, simulate, steady_and_bubbles
from reference import Pass, Plane, output_bits_of, stored_bits
from reference.layers import layer_of, passes_of

# M2, M3: planes and schemes.


def test_named_schemes_are_planes() -> None:
    layer = layer_of(linear(1, 1, 1, msb_bits=5, weight_bits=6))
    top, low, weights = Plane(3, 5), Plane(0, 3), Plane(0, 6)
    assert passes_of(layer, "pg") == [Pass(top, weights), Pass(low, weights, gated=True)]
    assert passes_of(layer, "dual_dense") == [Pass(top, weights), Pass(low, weights)]
    assert passes_of(layer, "msb_only") == [Pass(top, weights)]
    assert passes_of(layer, "full") == [Pass(Plane(0, 8), weights)]
    assert passes_of(layer, "uniform:3,2") == [Pass(Plane(0, 3), Plane(0, 2))]


@pytest.mark.parametrize("gate", ["output", "input", "none"])
def test_products_of_planes(gate: str) -> None:
    layer = layer_of(linear(1, 1, 1, gate=gate))
    # 8 = 3 + 3 + 2, from the top: bits 7 to 5, 4 to 2, 1 and 0.
    planes = [Plane(5, 3), Plane(2, 3), Plane(0, 2)]
    assert passes_of(layer, "planes:3,3,2") == [Pass(plane, WHOLE) for plane in planes]
    expected = [
        Pass(plane, weight)
        for plane in planes
        for weight in (Plane(3, 5), Plane(1, 2), Plane(0, 1))
    ]
    assert passes_of(layer, "planes:3,3,2/5,2,1") == expected
    assert passes_of(layer, "planes:8") == [Pass(WHOLE, WHOLE)]


@pytest.mark.parametrize("scheme", ["planes:4,3", "planes:4,4/4,3", "planes:4,4/8,8"])
def test_planes_of_other_operands(scheme: str) -> None:
    # An ungated layer is computed at its own bits, a gated one is refused.
    assert passes_of(layer_of(linear(1, 1, 1, gate="none")), scheme) == [Pass(WHOLE, WHOLE)]
    for gate in ("output", "input"):
        with pytest.raises(ValueError, match="8 x 8"):
            passes_of(layer_of(linear(1, 1, 1, gate=gate)), scheme)


@pytest.mark.parametrize(
    "scheme",
    [
        [],
        [gated(TOP)],
        [gated(TOP), dense(LOW)],
        [dense(Plane(4, 0))],
        [dense(Plane(-1, 4))],
        [dense(WHOLE, Plane(9, 8))],
        "planes:",
        "planes:4,4/",
        "planes:8,0",
        "planes:9,8",
        "planes:4,-4,8",
        "planes:4,4/4,4/4",
        "plains:4,4",
    ],
)
def test_refused_passes(scheme: Any) -> None:
    with pytest.raises(ValueError):
        passes_of(layer_of(linear(1, 1, 1)), scheme)


def test_gated_passes_need_a_mask() -> None:
    layer = layer_of(linear(1, 1, 1, gate="none"))
    assert passes_of(layer, [dense(TOP), dense(LOW)]) == [dense(TOP), dense(LOW)]
    with pytest.raises(ValueError, match="no mask"):
        passes_of(layer, [dense(TOP), gated(LOW)])
    for gate in ("output", "input"):
        both = [dense(TOP), gated(LOW)]
        assert passes_of(layer_of(linear(1, 1, 1, gate=gate)), both) == both


def test_stored_bits_are_the_union_of_planes() -> None:
    # Activation bits 7 to 4, 5 to 2 and 0; weight bits 7 to 4 and 3 to 0.
    passes = [Pass(TOP, TOP), Pass(Plane(2, 4), LOW), Pass(Plane(0, 1), LOW)]
    assert stored_bits(passes, "activation") == 4 + 2 + 1
    assert stored_bits(passes, "weight") == 8
    assert output_bits_of(linear(1, 1, 1), {}, passes) == 7


# M19: timelines on 2 x 4 PEs: the skew is 4, and with D = 3 every pass of a window of 2 takes 3
# cycles; 4 positions are two windows. D, G: dense and gated passes, a tile's number behind them.

TIMELINE: dict[str, Any] = {"array.rows": 2, "array.columns": 4, "lsb.window": 2}
D, G = dense(TOP), gated(LOW)


def timeline(
    passes: list[Pass], active: tuple[int, int], **lsb_and_memory: Any
) -> tuple[int, int, int]:
    """Steady cycles and bubbles; `active` says of either window whether its mask is all ones."""
    changes = TIMELINE | {key.replace("__", "."): value for key, value in lsb_and_memory.items()}
    plane = [active[0]] * 2 + [active[1]] * 2
    return steady_and_bubbles(simulate(linear(4, 2, 3), changes, passes, mask=[[plane, plane]]))


def test_the_last_leading_pass_decides() -> None:
    # D1 0-3, D1 3-6, D2 6-9, D2 9-12; mask 1 known at 6 + 4 = 10, G1 12-15; mask 2 known at
    # 12 + 4 = 16, G2 16-19, sums out at 23: bubbles 15-16 and 19-23.
    assert timeline([D, D, G], (1, 1)) == (6, 6 + 6, 1 + 4)
    # Two cycles later: mask 1 at 12, G1 12-15; mask 2 at 18, G2 18-21, out at 25.
    assert timeline([D, D, G], (1, 1), lsb__gate_latency_cycles=2) == (6, 12, 3 + 4)
    # An empty G2 is dropped when mask 2 is known: 12-18.
    assert timeline([D, D, G], (0, 0), lsb__gate_latency_cycles=2) == (6, 6, 6)


def test_what_follows_the_first_gated_pass_trails() -> None:
    # D1 0-3, D2 3-6; mask 1 at 7, G1 7-10, D1 10-13, G1 13-16; mask 2 long known, 16-25, out at 29.
    assert timeline([D, G, D, G], (1, 1)) == (6, 18, 1 + 4)
    # Without a 1 the dense one trails alone: D1 7-10; mask 2 known at 10; D2 10-13, out at 17.
    assert timeline([D, G, D, G], (0, 0)) == (6, 6, 1 + 4)
    # G1 7-10, D1 10-13, G1 13-16, then only D2 16-19, out at 23.
    assert timeline([D, G, D, G], (1, 0)) == (6, 12, 1 + 4)


def test_trailing_passes_with_one_output_buffer() -> None:
    # D1 0-3; mask 1 at 7, G1 7-10, D1 10-13, G1 13-16, out at 20; the same again from 20 on.
    single = {"memory__double_buffered": False}
    assert timeline([D, G, D, G], (1, 1), **single) == (6, 18, 2 * (4 + 4))
    # Only the dense one: 7-10, out at 14.
    assert timeline([D, G, D, G], (0, 0), **single) == (6, 6, 2 * (4 + 4))
    # Nothing follows an empty last pass: mask 1 at 6 + 4 + 2 = 12; its sums were out at 10.
    latency = {"lsb__gate_latency_cycles": 2}
    assert timeline([D, D, G], (0, 0), **single, **latency) == (6, 6, 2 * (4 + 2))


def test_isolated_passes_have_an_edge_each() -> None:
    # Eight folds with an edge of 4, and once in each tile the gate's 2 cycles.
    isolated = {"array__overlap": "none", "lsb__gate_latency_cycles": 2}
    assert timeline([D, G, D, G], (1, 1), **isolated) == (6, 18, 8 * 4 + 2 * 2)
    assert timeline([D, D, D, G], (1, 0), **isolated) == (6, 15, 7 * 4 + 2 * 2)


def test_dense_passes_follow_each_other() -> None:
    # No mask, nothing to wait for: eight passes of 3 cycles, sums out 4 later.
    assert timeline([D, D, D, D], (1, 1)) == (6, 18, 4)
    # One output buffer: the second tile's passes begin when the first one's sums are out.
    assert timeline([D, D, D, D], (1, 1), memory__double_buffered=False) == (6, 18, 4 + 4)


def test_passes_are_as_fast_as_their_planes() -> None:
    # Serial PEs take 4, 3 and 1 cycles for activations of so many bits, and D = 1. The second fold
    # ends at 7. The third would end at 8, but the bus of 2 rows is free for it at 9; out at 13.
    changes = TIMELINE | {"array.pe.kind": "serial_activation"}
    passes = [dense(TOP), dense(Plane(1, 3)), dense(Plane(0, 1))]
    assert steady_and_bubbles(simulate(linear(2, 2, 1), changes, passes)) == (4, 4, 1 + 4)


# M18: operands that stay. 4 x 2 PEs, skew 4; D = 3 is one fold.


def test_weight_planes_come_in_anew() -> None:
    changes = {"array.dataflow": "ws"}
    # All weights in both passes: 0-2, 2-4, out at 8.
    assert steady_and_bubbles(simulate(linear(2, 2, 3), changes, "planes:4,4")) == (2, 2, 4)
    # Four pairs of planes: every pass loads its weights, so that they begin 4 cycles apart: 0-2,
    # 4-6, 8-10, 12-14, out at 18.
    counts = simulate(linear(2, 2, 3), changes, "planes:4,4/4,4")
    assert steady_and_bubbles(counts) == (2, 6, 3 * 2 + 4)


def test_activations_stay_where_weights_are_split() -> None:
    changes = {"array.dataflow": "is"}
    # Weight planes stream past the activations: 0-2, 2-4, out at 8.
    assert steady_and_bubbles(simulate(linear(2, 2, 3), changes, "planes:8/4,4")) == (2, 2, 4)
    # Activation planes come in anew: 0-2, 4-6, out at 10.
    assert steady_and_bubbles(simulate(linear(2, 2, 3), changes, "planes:4,4")) == (2, 2, 2 + 4)


def test_operands_stay_where_all_passes_hold_as_many() -> None:
    # 8 x 8 fusion PEs do 2 MACs at 4 x 8 bits and 4 at 2 x 8: the weights sit in other PEs, and
    # come in anew for the third pass: 0-2, 4-6, 8-10, out at 14. Three passes of 4 and 3 bits do 2.
    changes = {"array.dataflow": "ws", "array.pe.kind": "fusion"}
    passes = [dense(TOP), dense(Plane(1, 3)), dense(Plane(0, 2))]
    assert steady_and_bubbles(simulate(linear(2, 2, 3), changes, passes)) == (2, 4, 2 * 2 + 4)
    passes = [dense(TOP), dense(Plane(1, 3)), dense(LOW)]
    assert steady_and_bubbles(simulate(linear(2, 2, 3), changes, passes)) == (2, 4, 4)


def test_staying_weights_keep_leading_passes_in_their_lane_group() -> None:
    # 4 x 1 PEs: skew 3; D = 1; 2 lane groups of a window of 2. Both leading passes and the gated
    # one hold the same weights: D1 0-2, 2-4, mask at 7, G1 7-9; D2 9-11, 11-13, mask at 16, G2
    # 16-18, out at 21.
    changes = {"array.columns": 1, "array.dataflow": "ws"}
    mask = [[[1, 1], [1, 1]]]
    counts = simulate(linear(2, 2, 1), changes, [D, D, G], mask=mask)
    assert steady_and_bubbles(counts) == (4, 8, 3 + 3 + 3)
    # With planes of the weights every pass loads, 4 cycles apart, and the second lane group may
    # overtake: D1 0-2, 4-6, D2 8-10, 12-14; mask 1 at 9, G1 16-18; mask 2 at 17, G2 20-22, out 25.
    passes = [dense(TOP, TOP), dense(TOP, LOW), gated(LOW, TOP)]
    counts = simulate(linear(2, 2, 1), changes, passes, mask=mask)
    assert steady_and_bubbles(counts) == (4, 8, 25 - 12)


# M21, M26


def test_each_pass_stalls_for_its_own_plane() -> None:
    # os, 4 positions of 8 activations by 8 bits a cycle, each pass 8 cycles: 4 bits take 16, 3 take
    # 12, 1 takes 4.
    passes = [dense(TOP), dense(Plane(1, 3)), dense(Plane(0, 1))]
    assert simulate(linear(4, 2, 8), port(1), passes)["port_stall_cycles"] == 8 + 4 + 0
    # Where channels are slots it is the weights' planes, of 6 and 2 bits: 24 and 8 cycles.
    ports = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    channel_slots = ports | {"array.lanes": "positions"}
    counts = simulate(linear(2, 4, 8), channel_slots, "planes:8/6,2")
    assert counts["port_stall_cycles"] == 16 + 0
    # Under `ideal` no gated pass stalls, but a dense one behind it does.
    mask = [[[1] * 4] * 2]
    ideal = port(1) | {"lsb.scheduler": "ideal"}
    counts = simulate(linear(4, 2, 8), ideal, [D, G, D], mask=mask)
    assert counts["port_stall_cycles"] == 8 + 0 + 8


def test_slots_of_all_passes_after_the_first() -> None:
    # 4 slots of 2 lanes with 3 entries: a gated pass issues 3 slots, 2 would do, the fullest lane
    # has 2. The dense one of 4 slots issues 4.
    mask = [[[1, 0, 0, 1], [0, 0, 1, 0]]]
    counts = simulate(linear(4, 2, 5), {}, [D, G, D, G], mask=mask)
    names = ("dense", "issued", "ideal", "fullest_lane")
    slots = tuple(counts[f"lsb_slots_{name}"] for name in names)
    assert slots == (4 + 4 + 4, 3 + 4 + 3, 2 + 4 + 2, 2 + 4 + 2)
    assert (counts["msb_macs"], counts["lsb_macs"]) == (8 * 5, (3 + 8 + 3) * 5)
    assert counts["lsb_busy_pe_cycles"] == (3 + 8 + 3) * 5
