"""Activations from DRAM, counted by hand in bursts of 16 bytes (M23, M24)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, drawn, filled, linear
from jobs import Listed, job_of, mask_work

from pgsim.model.fetches import FETCHES
from pgsim.model.holding import fetched_once
from pgsim.model.passes import time_passes

FETCH = FETCHES["activation"]
# Half of it is 4096 bits.
SMALL = {"memory.activation_sram.kib": 1, "memory.activation_sram.banks": 8}
POSITIONS = {"array.dataflow": "is"}  # lanes are positions, fed by activations
W = (0, 8)


def of_slots(layer: object, changes: dict[str, object], scheme: object = "full") -> list:
    job = job_of(layer, None, changes, scheme)
    found = FETCH.of_slots(job, time_passes(job, None))
    return np.broadcast_to(found, job.tiling.outputs.shape[2:]).tolist()


def of_lanes(layer: object, changes: dict[str, object], scheme: object = "full") -> list:
    job = job_of(layer, filled(layer, True), POSITIONS | changes, scheme)
    timings = time_passes(job, mask_work(job) if job.gated else None)
    return FETCH.of_lanes(job, timings, fetched_once(job)).tolist()


def test_windows_fetch_their_shares_once_or_for_every_lane_group() -> None:
    # 6 positions of 32 activations of 4 bits are 768 bits; windows of 4 and 2: 4 bursts and 2.
    layer, windows = linear(6, 32, 3), {"lsb.window": 4}
    assert of_slots(layer, windows, "dual_dense") == [[4, 2], [0, 0]]
    # 6 times 200 activations are 4800 bits, too many: 25 bursts and 13 (12.5) for both groups.
    layer = linear(6, 200, 3)
    assert of_slots(layer, SMALL | windows, "dual_dense") == [[25, 13], [25, 13]]
    # At 3 bits an activation they are 3600, and stay: 18.75 and 9.375.
    planes = Listed((((1, 2), W), ((0, 1), W)))
    assert of_slots(layer, SMALL | windows, planes) == [[19, 10], [0, 0]]


def test_an_input_that_just_fits_is_resident() -> None:
    # 4 positions of 256 activations of 4 bits are 4096 bits, 32 bursts; 2 lane groups of channels.
    assert of_slots(linear(4, 256, 4), SMALL) == [[32], [0]]
    # 4 of 257 are 4112 bits, 33 bursts (32.125), which both lane groups fetch.
    assert of_slots(linear(4, 257, 4), SMALL) == [[33], [33]]


def test_kernel_rows_that_just_fit_are_fetched_once() -> None:
    # 2 rows of 16 pixels of 32 channels of 4 bits are 4096 bits; 4 rows are 8192, 64 bursts.
    square = conv(32, 2, 16, 2)
    assert of_slots(square.replace(in_size=[4, 16]), SMALL) == [[64]]
    # Of 17 pixels 4352, too many: 4 rows, 8704 bits or 68 bursts, come twice.
    assert of_slots(square.replace(in_size=[4, 17]), SMALL) == [[2 * 68]]


def test_input_rows_that_do_not_fit_are_fetched_by_every_kernel_row() -> None:
    # 3 rows of 40 pixels of 8 channels of 8 bits are 7680 bits; 3 of 20 pixels 3840.
    square = conv(8, 2, 40, 3, activation_bits=8, msb_bits=4)
    layer, half = (square.replace(in_size=[3, width]) for width in (40, 20))
    fetch = FETCHES["activation"]
    assert fetch.row_fetches(job_of(layer, changes=SMALL)) == 3
    assert fetch.row_fetches(job_of(layer)) == 1
    assert fetch.row_fetches(job_of(half, changes=SMALL)) == 1
    # The whole input is 7680 bits, 60 bursts, three times; the window is all 38 positions.
    assert of_slots(layer, SMALL) == [[180]]


def test_lane_groups_fetch_their_shares_once() -> None:
    # 3 positions of 32 activations of 4 bits: lane groups of 2 and 1, 2 bursts and 1.
    assert of_lanes(linear(3, 32, 5), {"lsb.window": 4}, "dual_dense") == [[2, 0], [1, 0]]


def test_bits_of_gated_passes_alone_come_where_these_first_happen() -> None:
    # 4 positions of 64 activations: a plane of 2 bits is 256 bits of a lane group, 2 bursts; all 4
    # bits are 4. Channels are windows: the first lane group needs LSBs in the second and the third,
    # the second one in the first.
    layer, changes = linear(4, 64, 3), POSITIONS | {"lsb.window": 1}
    job = job_of(layer, drawn("...x x... xx.x"), changes, "pg")
    found = FETCH.of_lanes(job, time_passes(job, mask_work(job)), fetched_once(job))
    assert found.tolist() == [[[[2, 2, 0], [4, 0, 0]]]]


@pytest.mark.parametrize(
    ("fetch", "scheme", "expected"),
    [
        # 2 positions of 600 activations of 4 bits are 4800, too many; a plane of 2 bits is 2400
        # bits, 19 bursts (18.75), and all 4 bits are 38 (37.5).
        ("with_msb", "pg", 19 + 19),
        ("with_msb", "full", 38),
        ("with_msb", Listed((((2, 2), W),), (((0, 4), W),)), 19 + 38),
        # On demand only what was fetched ahead is fetched again.
        ("on_demand", "pg", 19),
        ("on_demand", Listed((((2, 2), W),), (((0, 4), W),)), 19 + 19),
        ("on_demand", "dual_dense", 19 + 19),
    ],
)
def test_lane_groups_that_do_not_fit_fetch_again_in_every_pass(
    fetch: str, scheme: object, expected: int
) -> None:
    changes = SMALL | {"memory.lsb_fetch": fetch}
    assert of_lanes(linear(2, 600, 1), changes, scheme) == [[[[expected]]]]
