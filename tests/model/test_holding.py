"""What the buffers hold, and how often sums come to the output buffer, by hand (M22, M23)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, linear
from jobs import Listed, job_of

from pgsim.model.holding import fetched_once, sum_visits
from pgsim.model.passes import time_passes

# Half of 1 KiB is 4096 bits. A lane group of 2 channels of 300 weights has 4800, of one 2400.
WIDE, SMALL = linear(8, 300, 3), {"memory.weight_sram.kib": 1, "memory.weight_sram.banks": 8}
SMALL_INPUTS = {
    "array.dataflow": "is",
    "memory.activation_sram.kib": 1,
    "memory.activation_sram.banks": 8,
}


def test_a_lane_group_that_fits_is_fetched_once() -> None:
    assert fetched_once(job_of(WIDE)).tolist() == [True, True]
    assert fetched_once(job_of(WIDE, changes=SMALL)).tolist() == [False, True]
    # One buffer holds all 8192 bits.
    single = SMALL | {"memory.double_buffered": False}
    assert fetched_once(job_of(WIDE, changes=single)).tolist() == [True, True]
    # At 6 of 8 bits of each weight it is 3600 bits.
    few = Listed((((0, 4), (2, 6)),))
    assert fetched_once(job_of(WIDE, changes=SMALL, scheme=few)).tolist() == [True, True]


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        # Two lanes of 256 weights of 8 bits, of 512 activations of 4 bits: 4096 bits each.
        (linear(4, 256, 2), SMALL),
        (linear(2, 512, 2), SMALL_INPUTS),
    ],
)
def test_a_lane_group_that_just_fits_is_fetched_once(layer: object, changes: dict) -> None:
    assert fetched_once(job_of(layer, changes=changes)).tolist() == [True]
    more = layer.replace(in_channels=layer.in_channels + 1)
    assert fetched_once(job_of(more, changes=changes)).tolist() == [False]


def test_position_lanes_share_the_pixels_of_a_small_input() -> None:
    # Two positions of a 3 x 3 kernel over 32 channels would be 2 * 288 * 8 bits = 4608, too many;
    # but the whole input of 4 x 4 pixels has 512 elements of 8 bits, 4096, which just fit.
    layer = conv(32, 1, 4, 3, activation_bits=8, msb_bits=4)
    assert fetched_once(job_of(layer, changes=SMALL_INPUTS)).tolist() == [True, True]
    wider = layer.replace(in_size=[4, 5])
    assert not fetched_once(job_of(wider, changes=SMALL_INPUTS)).any()


def test_position_lanes_hold_no_more_than_the_whole_input() -> None:
    # 3 positions of 600 activations of 4 bits are 7200 bits, a lane group of 2 has 4800, of 1 2400.
    assert fetched_once(job_of(linear(3, 600, 2), changes=SMALL_INPUTS)).tolist() == [False, True]


def test_operands_that_stay_in_the_array_are_fetched_once_whatever_their_size() -> None:
    changes = SMALL | {"array.dataflow": "ws", "array.rows": 300, "memory.output_sram.kib": 64}
    job = job_of(WIDE, changes=changes)
    assert job.operands_stay
    assert fetched_once(job).tolist() == [True, True]


def visits(layer: object, changes: dict[str, object], scheme: object) -> list[list[list[int]]]:
    job = job_of(layer, None, changes, scheme)
    found = sum_visits(job, time_passes(job, None), fetched_once(job))
    tiles = job.tiling.lane_group_lanes.size, job.tiling.window_slots.size
    return [np.broadcast_to(each, tiles).tolist() for each in found]


@pytest.mark.parametrize(
    ("changes", "scheme", "expected"),
    [
        ({}, "full", [[[1], [1]]]),
        # A window of 8 slots is two folds, and takes 4800 bits in two pieces; the other group fits.
        (SMALL, "full", [[[2], [1]]]),
        # Planes of 4 weight bits, 2400, in one piece each; at 8 bits in two.
        (SMALL, "planes:4/4,4", [[[1], [1]], [[1], [1]]]),
        (SMALL, "dual_dense", [[[2], [1]], [[2], [1]]]),
        # Windows of one fold never go through it twice.
        (SMALL | {"lsb.window": 4}, "dual_dense", [[[1, 1], [1, 1]]] * 2),
        # ws: every fold of 4 of 300 rows leaves sums.
        ({"array.dataflow": "ws"}, "full", [[[75], [75]]]),
    ],
)
def test_sums_wait_in_the_output_buffer(
    changes: dict[str, object], scheme: str, expected: list[list[list[int]]]
) -> None:
    assert visits(WIDE, changes, scheme) == expected


def test_only_windows_of_several_folds_come_in_pieces() -> None:
    # Windows of 8 and 4 slots are two folds and one; 4800 bits are two pieces.
    assert visits(linear(12, 300, 2), SMALL | {"lsb.window": 8}, "dual_dense") == [[[2, 1]]] * 2


@pytest.mark.parametrize(("reduction", "pieces"), [(512, 1), (513, 2), (1024, 2), (1025, 3)])
def test_a_piece_is_as_much_as_fits(reduction: int, pieces: int) -> None:
    # Two lanes of 512 weights of 4 bits are 4096 bits; both planes together never fit.
    assert visits(linear(8, reduction, 2), SMALL, "planes:4/4,4") == [[[pieces]]] * 2


def test_the_smallest_buffer_holds_a_word_in_each_half() -> None:
    # 2 lanes of 300 weights of 8 bits, 4800 bits, come word by word of 8.
    words = {"kib": 2 / 1024, "banks": 1, "port_bits": 8}
    changes = {f"memory.weight_sram.{key}": value for key, value in words.items()}
    assert visits(linear(8, 300, 2), changes, "full") == [[[600]]]
