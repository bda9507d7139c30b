"""What the leading passes of the fixed order take at least in smaller windows (MODEL.md M41).

The hand-counted cases run on the array of `designs`, four rows and two columns, whose skew is 4. A
byte is a burst there, and takes a cycle. An activation and an output have 4 bits, a weight has 8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs import conv, filled, linear, recurrent
from fixed_orders import BYTES, case_of, fixed_counts, frame_of, goal_of_one, windowed_case

from pgsim import LayerShape
from pgsim.model.search.fixed_frame import FixedFrame

WS = {"array.dataflow": "ws", **BYTES}


def framed(layer: LayerShape, changes: dict[str, Any], **about: Any) -> FixedFrame:
    case = case_of(layer, changes, **about)
    return frame_of(case, case.goal("latency"))


def moved(frame: FixedFrame) -> dict[str, list[int]]:
    return {name: each.tolist() for name, each in frame.moved.items()}


def dense(positions: int, in_channels: int, out_channels: int) -> LayerShape:
    return linear(positions, in_channels, out_channels, gate="none")


def test_the_first_fetch_and_the_last_write_hide_behind_no_work() -> None:
    """By hand, the example of M41: 8 bytes of weights, 2 of activations and 1 of outputs a slot.

    The array works a cycle a slot, and the skew. In windows of four that is 8 + 8, then 6 + 4, and
    2 of the last window of two. In windows of one to five the last one has 1, 2, 3, 2 and 1 slots.
    """
    frame = framed(dense(6, 4, 2), WS)
    assert frame.windows.tolist() == [1, 2, 3, 4, 5]
    assert frame.array_cycles.tolist() == [
        8 + 2 + 10 + 1,
        8 + 4 + 10 + 2,
        8 + 6 + 10 + 3,
        8 + 8 + 10 + 2,
        8 + 10 + 10 + 1,
    ]


def test_lane_groups_work_one_after_the_other() -> None:
    """By hand: three channels are lane groups of two and of one, so that a slot takes 2 cycles.

    The first one's 8 bytes of weights come before the work, and half a byte a slot of the last one
    leaves after it, in whole bytes.
    """
    frame = framed(dense(6, 4, 3), WS)
    assert frame.array_cycles.tolist() == [
        8 + 2 + 16 + 1,
        8 + 4 + 16 + 1,
        8 + 6 + 16 + 2,
        8 + 8 + 16 + 1,
        8 + 10 + 16 + 1,
    ]


def test_slots_wait_for_a_narrow_port() -> None:
    """By hand from M21: four channels of 4 bits need 2 cycles of a port of 8 bits.

    So the example of M41 takes 6 cycles more. A simulation has no more in windows of three to five.
    """
    port = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    case = case_of(dense(6, 4, 2), {**WS, **port})
    frame = frame_of(case, case.goal("latency"))
    assert frame.array_cycles.tolist() == [27, 30, 33, 34, 35]
    assert [each["cycles"] for each in fixed_counts(case)][2:] == [33, 34, 35]


def test_each_transfer_takes_whole_cycles() -> None:
    """By hand, at 3 bytes a cycle: 10, 12, 14, 16 and 18 bytes come at first, and 1 to 3 go.

    A simulation takes no more, for all else hides behind the array's 6 + 4 cycles.
    """
    case = case_of(dense(6, 4, 2), {**WS, "memory.dram.bytes_per_cycle": 3})
    cycles = frame_of(case, case.goal("latency")).array_cycles.tolist()
    assert cycles == [4 + 10 + 1, 4 + 10 + 1, 5 + 10 + 1, 6 + 10 + 1, 6 + 10 + 1]
    assert cycles == [each["cycles"] for each in fixed_counts(case)]


def test_one_buffer_hides_nothing_at_all() -> None:
    """By hand from M25: 8 + 12 bytes come and 6 leave beside 10 cycles of the array."""
    frame = framed(dense(6, 4, 2), {**WS, "memory.double_buffered": False})
    assert frame.array_cycles.tolist() == [26 + 10] * 5


def test_each_window_moves_whole_bursts() -> None:
    """By hand from M23, in bursts of 4 bytes: 6 slots have 2 bytes of activations each, and 1 out.

    Windows of three have 6 bytes of activations, two bursts each. Windows of five and one have 10
    bytes and 2, three bursts and one.
    """
    frame = framed(dense(6, 4, 2), {**WS, "memory.dram.burst_bytes": 4})
    assert moved(frame) == {
        "weight": [2] * 5,
        "activation": [6, 3, 2 + 2, 2 + 1, 3 + 1],
        "write": [6, 3, 1 + 1, 1 + 1, 2 + 1],
    }


def tight(dataflow: str) -> dict[str, Any]:
    """Buffers of two halves, of 15 bytes for weights and 23 for activations."""
    sizes = {"weight": 2 * 15, "activation": 2 * 23}
    return {
        **BYTES,
        "array.dataflow": dataflow,
        **{f"memory.{name}_sram.kib": size / 1024 for name, size in sizes.items()},
        **{f"memory.{name}_sram.banks": 1 for name in sizes},
        **{f"memory.{name}_sram.port_bits": 8 for name in sizes},
    }


def test_lanes_that_do_not_fit_are_fetched_for_every_window() -> None:
    """By hand from M23: two lane groups have 2 * 8 bytes of weights each, more than 15.

    They come for 6, 3, 2, 2 and 2 windows. The activations have 6 * 8 * 4 bits, 24 bytes, one more
    than there is room for, and come for either lane group.
    """
    frame = framed(dense(6, 8, 4), tight("ws"))
    assert moved(frame) == {
        "weight": [32 * 6, 32 * 3, 32 * 2, 32 * 2, 32 * 2],
        "activation": [2 * 24] * 5,
        "write": [12] * 5,
    }
    assert frame.batch_bursts.tolist() == [252, 156, 124, 124, 124]


def test_sums_may_wait_where_lanes_do_not_fit() -> None:
    """M22: then an array whose sums stay takes the reduction of a window in pieces."""
    assert not framed(dense(13, 8, 4), tight("os")).visits_once
    assert framed(dense(13, 8, 4), {**BYTES, "array.dataflow": "os"}).visits_once


def test_weights_that_stay_come_in_the_first_run() -> None:
    """By hand: 4 * 2 weights. Each of 3 images reads 2 bytes in each of 3 steps, and writes 1.

    A run is a step of all three images, in windows of one or two.
    """
    layer = recurrent(3, 4, 2, gate="none")
    frame = framed(layer, {**WS, "batch": 3}, images=3)
    assert frame.windows.tolist() == [1, 2]
    assert moved(frame) == {"weight": [8, 8], "activation": [9 * 2] * 2, "write": [9, 9]}


def test_of_several_runs_only_what_is_written_is_sure_to_hide_behind_no_work() -> None:
    """By hand: nine slots take a cycle each beside the skew, and each step ends with a byte.

    The bus brings the weights of the second and the third step in four cycles, behind three slots.
    """
    frame = framed(recurrent(3, 4, 2, gate="none"), {**WS, "batch": 3}, images=3)
    assert frame.array_cycles.tolist() == [9 + 2 * 1 + 4 + 3] * 2


FAST = {**BYTES, "memory.dram.bytes_per_cycle": 10**6}


@pytest.mark.parametrize(
    "layer", [dense(6, 8, 2), dense(13, 8, 5), conv(16, 8, 3, 1, groups=2, gate="none")]
)
@pytest.mark.parametrize("dataflow", ["ws", "is"])
@pytest.mark.parametrize("gated", [False, True], ids=["dense", "an empty mask"])
def test_where_buses_are_all_that_windows_wait_for_their_cycles_are_known(
    layer: LayerShape, gated: bool, dataflow: str
) -> None:
    """In the smallest windows, of one slot each. A bound that is lower is no help."""
    layer = layer.replace(gate="output", msb_bits=2) if gated else layer
    mask = filled(layer, False) if gated else None
    changes = {**FAST, "array.dataflow": dataflow, "lsb.scheduler": "skip"}
    case = case_of(layer, changes, mask)
    known, counts = frame_of(case, case.goal("latency")).array_cycles, fixed_counts(case)
    assert known[0] == counts[0]["cycles"]
    assert (known <= [each["cycles"] for each in counts]).all()


@pytest.mark.parametrize(("on_chip", "count"), [(0x00, 8), (0x0F, 4), (0xFF, 0)])
def test_of_weights_come_the_bits_that_are_not_on_chip(on_chip: int, count: int) -> None:
    """By hand from M55: 4 * 2 weights have 8 bits each, of which some planes stay on chip."""
    case = case_of(dense(6, 4, 2), WS)
    job = replace(case.job, weights_on_chip=on_chip)
    frame = replace(frame_of(case, case.goal("latency")), job=job)
    assert moved(frame)["weight"] == [count] * 5


def test_a_row_comes_for_every_kernel_row_where_no_two_rows_fit() -> None:
    """By hand from M23: a row has 4 * 4 * 4 bits, 8 bytes, and half the buffer 12.

    The input has 32 bytes, which three kernel rows read. The windows share them as they have slots.
    """
    small = {"kib": 24 / 1024, "banks": 1, "port_bits": 8}
    changes = {f"memory.activation_sram.{key}": value for key, value in small.items()}
    case = case_of(conv(4, 2, 4, 3, gate="none"), {**WS, **changes})
    frame = frame_of(case, case.goal("latency"))
    assert moved(frame)["activation"] == [3 * 32] * 3
    assert moved(frame) == moved_in(fixed_counts(case))


def test_groups_move_and_work_one_after_the_other() -> None:
    """By hand: two groups of 4 x 2 weights; 9 slots have 2 bytes of activations, and 1 out.

    In a window of 8 slots the array works 2 * 9 and 4 cycles. The first one's 8 + 16 bytes come
    before, and a byte leaves at last.
    """
    frame = framed(conv(8, 4, 3, 1, groups=2, gate="none"), WS)
    assert frame.windows.tolist() == list(range(1, 9))
    assert moved(frame) == {"weight": [16] * 8, "activation": [36] * 8, "write": [18] * 8}
    assert frame.array_cycles[-1] == 8 + 16 + 2 * 9 + 4 + 1


def test_of_a_gated_layer_lanes_need_the_planes_of_the_first_pass() -> None:
    """By hand: 6 positions are three lane groups of two, with 4 * 2 * 2 bits of MSBs, 2 bytes.

    Weights are slots and come once, 3 * 4 bytes. Of three channels, windows of one and of two write
    1 byte a channel for each lane group. No entry is active, and a simulation moves no more.
    """
    layer = linear(6, 4, 3)
    case = case_of(layer, {**BYTES, "array.dataflow": "is"}, filled(layer, False))
    frame = frame_of(case, case.goal("latency"))
    assert moved(frame) == {"activation": [6, 6], "weight": [12, 12], "write": [9, 9]}
    assert moved(frame) == moved_in(fixed_counts(case))


def moved_in(counts: list[dict[str, int]]) -> dict[str, list[int]]:
    """Bursts of ledgers by what moves, in the frame's words."""
    ways = {"activation": "activation_read", "weight": "weight_read", "write": "write"}
    return {name: [each[f"dram_{way}_bursts"] for each in counts] for name, way in ways.items()}


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("number", range(12))
def test_no_window_takes_less_than_the_frame_says(number: int, gated: bool) -> None:
    """Every window is simulated; gated passes come on top."""
    case = windowed_case(number, gated=gated)
    frame = frame_of(case, case.goal("latency"))
    batches, counts = case.images // case.job.batch, fixed_counts(case)
    simulated = moved_in(counts)
    assert set(frame.moved) == set(simulated)
    for name, bursts in frame.moved.items():
        assert (bursts * batches <= simulated[name]).all(), name
    assert (frame.array_cycles * batches <= [each["cycles"] for each in counts]).all()


EIGHT = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}
WHOLE = linear(12, 8, 10, **EIGHT, msb_bits=None)
HALVES = linear(12, 8, 10, **EIGHT, msb_bits=4)
GROUPS = conv(16, 8, 3, 1, groups=2, **EIGHT, msb_bits=None)
RUNS = recurrent(3, 8, 4, **EIGHT, msb_bits=None)


@pytest.mark.parametrize(
    ("layer", "scheme", "dataflow"),
    [
        *((layer, "full", flow) for layer in (WHOLE, GROUPS, RUNS) for flow in ("os", "ws", "is")),
        (HALVES, "planes:4,4", "os"),
        (HALVES, "planes:4,4", "ws"),
    ],
)
def test_what_windows_spend_beside_cycles_is_known_exactly(
    layer: LayerShape, scheme: str, dataflow: str
) -> None:
    """Every window is simulated. A bound that is lower is no help.

    Whole words, and bursts of a byte, leave nothing to round.
    """
    ports = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
    images = 9 if layer is RUNS else 1
    changes = {**ports, **BYTES, "array.dataflow": dataflow, "batch": images}
    case = case_of(layer, changes, images=images, output_bits=8, scheme=scheme)
    counts = fixed_counts(case)
    assert len(counts) > 1
    for name in set(case.prices) - {"cycles"}:
        spent_pj = frame_of(case, goal_of_one(case, name)).energy_pj
        assert spent_pj == pytest.approx(np.array([each[name] for each in counts])), name


def test_outputs_that_stay_are_written_on_chip() -> None:
    """By hand: of 12 positions and 10 channels, a byte each, whatever the windows (M42)."""
    case = case_of(WHOLE, {**BYTES, "memory.activation_sram.port_bits": 8}, output_bits=8)
    case, name = replace(case, stays=(False, True)), "activation_sram_write_words"
    known = frame_of(case, goal_of_one(case, name)).energy_pj
    assert known.tolist() == [each[name] for each in fixed_counts(case)] == [120] * known.size


def test_how_often_operands_that_stay_are_read_is_left_out() -> None:
    """By hand from M18: both lanes load their 8 weights once, in whatever windows."""
    case = case_of(dense(6, 4, 2), {**WS, "memory.weight_sram.port_bits": 8})
    name = "weight_sram_read_words"
    assert [each[name] for each in fixed_counts(case)] == [8] * 5
    assert frame_of(case, goal_of_one(case, name)).energy_pj.tolist() == [0] * 5
