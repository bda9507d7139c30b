"""No scheduler takes less than each tile's fullest lane, or than entries without a gap (M14, M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=500 python -m pytest tests/model/search/test_fullest.py
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from designs import drawn, linear
from jobs import Listed, job_of
from search_cases import SearchCase, nests_of, steered_case, windows_of

from pgsim.mapping import Nest
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.search.fullest import FullestLanes, gated_cycles
from pgsim.model.search.in_order import ScheduledMasks
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "6"))

# Of the first three positions the first channel has all and the second none. Of the others, the
# first channel has the middle one and the second the last two. An image of calibration comes first.
DRAWN = drawn("xxxxxx xxxxxx", "xxx.x. ....xx")
HALVES, WHOLE, APART = (1, 3, 1, 2, 8), (1, 6, 1, 2, 8), (1, 6, 1, 1, 8)
# All activations and weights of small cases.
ROOMY = {f"memory.{each}_sram.kib": 1 for each in ("activation", "weight")}


def fullest(job: Job, images: int, calibration: int = 0) -> FullestLanes:
    block = Block(calibration, job.batch, images // job.batch, calibration)
    return FullestLanes(ScheduledMasks(job, block, WorkStore()))


@pytest.mark.parametrize(
    ("changes", "halves", "whole", "apart"),
    [
        # By hand: fixed PEs do a MAC a cycle, on four rows and two columns. `ws` has two folds of
        # the 8 input channels, through which slots go one by one. Halves have lanes of 3 and 2
        # entries at most, the whole has one of 4. Each channel apart has 4 and 2.
        ({"array.dataflow": "ws"}, 2 * (3 + 2), 2 * 4, 2 * (4 + 2)),
        # Any entry on any column: 3 and 3 entries, 6, or 4 and 2.
        ({"array.dataflow": "ws", "lsb.scheduler": "ideal"}, 2 * (2 + 2), 2 * 3, 2 * (2 + 1)),
        # `os` takes 8 cycles for up to four slots.
        ({"array.dataflow": "os"}, 8 + 8, 8, 8 + 8),
        # A lane group for each channel: in halves they have 3, 1, 0 and 2 entries, else 4 and 2.
        ({"array.dataflow": "ws", "array.columns": 1}, 2 * (3 + 1 + 2), 2 * (4 + 2), 2 * (4 + 2)),
        # Channels are slots, and lanes are positions, two at a time. In halves they are (0, 1),
        # (2), (3, 4) and (5), else (0, 1), (2, 3) and (4, 5). Position 4 has two entries, and of
        # channels apart the first has an entry in each lane group, the second in the last one.
        ({"array.dataflow": "is"}, 2 * (1 + 1 + 2 + 1), 2 * (1 + 1 + 2), 2 * (3 + 1)),
    ],
    ids=str,
)
def test_a_tile_is_as_long_as_its_fullest_lane(
    changes: dict[str, Any], halves: int, whole: int, apart: int
) -> None:
    job = job_of(linear(6, 8, 2), DRAWN, changes, "pg")
    masks = fullest(job, 1, calibration=1)
    found = masks.cycles_in_blocks(np.array([HALVES, WHOLE]))
    assert found.tolist() == [halves, whole]
    # Some again, and in two blocks of input channels, which all passes take together.
    again = masks.cycles_in_blocks(np.array([WHOLE, (*HALVES[:4], 4), APART]))
    assert again.tolist() == [whole, halves, apart]
    if job.arch.lanes.slots_and_lanes(6, 2) == (6, 2):
        assert masks.cycles_in_windows(np.array([3, 6])).tolist() == [halves, whole]


def test_lanes_stand_by_their_density() -> None:
    """By hand: in the calibration image the first and the third channel are the densest (M7).

    So they share a lane group of 3 entries at most, and the others one of 1. In their own order
    both lane groups would have 3.
    """
    mask = drawn("xx.. .... xx.. ....", "xxx. x... xxx. ....")
    changes = {"array.dataflow": "ws", "lsb.lane_order": "density"}
    job = job_of(linear(4, 4, 4), mask, changes, "pg")
    masks = fullest(job, 1, calibration=1)
    assert masks.cycles_in_blocks(np.array([(1, 4, 1, 4, 4)])).tolist() == [3 + 1]
    assert masks.cycles_in_windows(np.array([4])).tolist() == [3 + 1]


@pytest.mark.parametrize(
    ("dataflow", "cycles"),
    [
        # M15, by hand: of 10 input channels, folds of 4 rows are three in each of two passes, a
        # cycle a slot.
        ("ws", [0, 2 * 3, 2 * 3 * 5]),
        # Two folds have five slots, of ten cycles each.
        ("os", [0, 2 * 10, 2 * 2 * 10]),
    ],
)
def test_all_gated_passes_take_what_is_issued(dataflow: str, cycles: list[int]) -> None:
    layer = linear(6, 10, 2)
    dense, lower, upper = ((2, 2), (0, 8)), ((0, 2), (0, 4)), ((0, 2), (4, 4))
    scheme = Listed((dense,), (lower, upper))
    job = job_of(layer, None, {"array.dataflow": dataflow}, scheme)
    assert gated_cycles(job, np.array([0, 1, 5])).tolist() == cycles


@pytest.mark.parametrize("scheduler", ["combine", "queue", "ideal"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_scheduler_takes_less(seed: int, scheduler: str) -> None:
    """Blocks and windows are simulated one by one.

    Without a gap they take just as much, but for several blocks of input channels, whose folds may
    be fuller or not.
    """
    case = steered_case(seed, most=3, batches=1 + seed % 2)
    case = case.with_changes(ROOMY | {"lsb.scheduler": scheduler})
    masks, nests = fullest(case.job, case.images), some_nests(case)
    found = masks.cycles_in_blocks(np.array([nest.blocks for nest in nests]))
    for least, nest in zip(found.tolist(), nests, strict=True):
        cycles = simulated(case, nest)
        assert least <= cycles, nest
        if scheduler == "ideal" and nest.trips[4] == 1:
            assert least == cycles, nest
    windows = windows_of(case)
    if not windows:
        return
    for least, window in zip(masks.cycles_in_windows(np.array(windows)), windows, strict=True):
        cycles = simulated(case, None, window)
        assert least == cycles if scheduler == "ideal" else least <= cycles, window


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_single_lane_is_the_fullest(seed: int) -> None:
    """On one column every scheduler issues the lane's entries; blocks are simulated."""
    case = steered_case(seed, most=3).with_changes(ROOMY | {"array.columns": 1})
    nests = [nest for nest in some_nests(case) if nest.trips[4] == 1]
    assert nests
    found = fullest(case.job, case.images).cycles_in_blocks(
        np.array([nest.blocks for nest in nests])
    )
    assert found.tolist() == [simulated(case, nest) for nest in nests]


def some_nests(case: SearchCase) -> list[Nest]:
    """A nest for each of some choices of blocks, about sixteen."""
    nests = sorted(
        {nest.blocks: nest for nest in nests_of(case)}.values(), key=lambda own: own.trips
    )
    return nests[:: max(1, len(nests) // 16)]


def simulated(case: SearchCase, nest: Nest | None, window: int | None = None) -> int:
    """The steady cycles of the gated passes (M15)."""
    gated = case.ledger(nest, window).passes[case.job.leading :]
    return sum(int(each.steady_cycles.sum()) for each in gated)
