"""Weights from DRAM, counted by hand in bursts of 16 bytes (M23)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import filled, linear, recurrent
from jobs import Listed, job_of, mask_work
from layer_rows import row_of

from pgsim.model.fetches import FETCHES
from pgsim.model.holding import fetched_once
from pgsim.model.passes import time_passes

FETCH = FETCHES["weight"]
SMALL = {"memory.weight_sram.kib": 1, "memory.weight_sram.banks": 8}  # half of it, 4096 bits
POSITIONS = {"array.dataflow": "is"}  # slots are channels, fed by weights
A = (0, 4)


def fetched(layer: object, changes: dict[str, object], scheme: object, way: str) -> list:
    job = job_of(layer, filled(layer, True), changes, scheme)
    timings = time_passes(job, mask_work(job) if job.gated else None)
    if way == "lanes":
        return FETCH.of_lanes(job, timings, fetched_once(job)).tolist()
    found = FETCH.of_slots(job, timings)
    lane_groups_and_windows = job.tiling.outputs.shape[2:]
    return np.broadcast_to(found, (*found.shape[:-2], *lane_groups_and_windows)).tolist()


def test_lane_groups_fetch_their_channels_once() -> None:
    # 20 weights of 8 bits a channel: 3 bursts (2.5) for 2 channels, 2 (1.25) for one.
    assert fetched(linear(6, 20, 3), {"lsb.window": 4}, "dual_dense", "lanes") == [[3, 0], [2, 0]]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        # 2 channels of 300 weights of 8 bits are 4800 bits, 38 bursts (37.5), too many.
        ("full", 38),
        ("pg", 38 + 38),
        ("planes:4/4,4", 19 + 19),  # 2400 bits each
        (Listed(((A, (0, 8)), (A, (5, 3)))), 38 + 15),  # 1800 bits are 15 (14.06)
        (Listed(((A, (5, 3)), (A, (2, 3)))), 29),  # 3600 bits of both fit: once, 29 (28.125)
    ],
)
def test_lane_groups_that_do_not_fit_fetch_again_in_every_pass(
    scheme: object, expected: int
) -> None:
    found = fetched(linear(4, 300, 2), SMALL, scheme, "lanes")
    assert sum(_numbers(found)) == expected


def _numbers(nested: list | int) -> list[int]:
    return [nested] if isinstance(nested, int) else [n for each in nested for n in _numbers(each)]


def test_windows_of_resident_weights_are_fetched_once() -> None:
    # 3 channels of 20 weights: windows of 2 and 1, 3 bursts and 2; 4 positions, 2 lane groups.
    changes = POSITIONS | {"lsb.window": 2}
    assert fetched(linear(4, 20, 3), changes, "pg", "slots") == [[3, 2], [0, 0]]


def test_windows_that_no_buffer_holds_come_plane_by_plane() -> None:
    # 3 channels of 300 weights, 7200 bits: not resident. A window of 2 has 4800 bits, too many:
    # all of it for the first pass, 38 bursts, and for the second what it issues; one of 1 fits, 19.
    changes = POSITIONS | SMALL | {"lsb.window": 2}
    assert fetched(linear(2, 300, 3), changes, "pg", "slots") == [[[[38 + 38, 19]]]]
    # 1 of 2 channels of the first window is active: 300 weights, 19 bursts.
    job = job_of(linear(2, 300, 3), filled(linear(2, 300, 3), True), changes, "pg")
    mask = job.layer.unpack().copy()
    mask[:, 1] = False
    job = job_of(linear(2, 300, 3), mask, changes, "pg")
    assert FETCH.of_slots(job, time_passes(job, mask_work(job))).tolist() == [[[[38 + 19, 19]]]]
    # A layer of one pass has one window of 3 channels, fetched once: 57 bursts (56.25).
    assert fetched(linear(2, 300, 3), changes, "full", "slots") == [[57]]


def test_weights_that_just_fit_are_resident() -> None:
    # 2 channels of 256 weights of 8 bits are 4096 bits, 32 bursts; 4 positions are 2 lane groups.
    assert fetched(linear(4, 256, 2), POSITIONS | SMALL, "pg", "slots") == [[32], [0]]
    # 2 of 257 are 4112 bits: both lane groups fetch them in both passes, 33 bursts (32.125).
    found = fetched(linear(4, 257, 2), POSITIONS | SMALL, "pg", "slots")
    assert _numbers(found) == [33 + 33, 33 + 33]


def test_a_window_of_weights_that_just_fits_comes_whole() -> None:
    # 4 channels of 256 weights are 8192 bits, too many, but a window of 2 has 4096: 32 bursts.
    changes = POSITIONS | SMALL | {"lsb.window": 2}
    assert _numbers(fetched(linear(2, 256, 4), changes, "pg", "slots")) == [32, 32]
    # One weight a channel more, and both passes of a window fetch it: 2 * 257 * 8 bits are 33.
    assert _numbers(fetched(linear(2, 257, 4), changes, "pg", "slots")) == [33 + 33] * 2


def test_recurrent_weights_that_just_fit_stay() -> None:
    # 2 channels of 256 weights of 8 bits are 4096 bits; 4 channels of 128 too, in two lane groups.
    for inputs, channels in ((256, 2), (128, 4)):
        fits = job_of(recurrent(2, inputs, channels), changes=SMALL)
        assert FETCH.only_in_first_run(fits)
        more = job_of(recurrent(2, inputs + 1, channels), changes=SMALL)
        assert not FETCH.only_in_first_run(more)


@pytest.mark.parametrize(("kib", "expected"), [(64, True), (1, False)])
def test_weights_of_all_channels_stay_from_step_to_step(kib: int, expected: bool) -> None:
    job = job_of(
        recurrent(4, 300, 2), changes={"memory.weight_sram.kib": kib, "memory.weight_sram.banks": 8}
    )
    assert FETCH.only_in_first_run(job) is expected


# Recurrent layers over several batches: 3 channels of 20 weights of 8 bits are bursts of 3 (2.5)
# and 2 (1.25) by lane group; of all three channels, as slots, 4 (3.75).

STEPS = recurrent(4, 20, 3)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 3 + 2),
        ({"array.dataflow": "ws"}, 3 + 2),
        (POSITIONS, 4),
    ],
)
@pytest.mark.parametrize("scheme", ["pg", "dual_dense", "full"])
@pytest.mark.parametrize(
    ("images", "batch", "batches"), [(1, 1, 1), (3, 1, 3), (6, 2, 3), (7, 3, 3), (2, 3, 1)]
)
def test_recurrent_weights_come_once_a_batch(
    changes: dict[str, object], expected: int, scheme: str, images: int, batch: int, batches: int
) -> None:
    mask = filled(STEPS, True, images)
    row = row_of(STEPS, mask, changes | {"batch": batch}, scheme)
    assert row["dram_weight_read_bytes"] == batches * expected * 16


def test_recurrent_weights_that_do_not_fit_come_in_every_step() -> None:
    # 3 channels of 300 weights are 7200 bits: 38 bursts for 2 of them, fetched in both passes, and
    # 19 for the third, whose 2400 bits fit: in each of 4 steps of 3 batches.
    layer = recurrent(4, 300, 3)
    row = row_of(layer, filled(layer, True, 5), SMALL | {"batch": 2}, "dual_dense")
    assert row["dram_weight_read_bytes"] == 3 * 4 * (38 + 38 + 19) * 16
